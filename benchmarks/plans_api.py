"""What the public list of plans costs: queries with and without the cache, and speed; on this machine, in one run.

    .venv/bin/python benchmarks/plans_api.py [--seconds 10] [--quick] [--json]

Starts an embedded PostgreSQL and Redis in a temporary folder, and gunicorn with the site's own middleware.

Queries: the same traffic, so many requests a second for so many seconds from as many clients as gunicorn has threads,
against /api/plans and against a view that reads and renders the list for each request; counted in the server.

Speed: requests a second, as fast as the clients can, in turns for several rounds, against /api/plans, /plans and a
view that returns a constant of the same length; told is the median. `within` is the constant's speed over the list's.
"""

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.urls import path as route

PROJECT = Path(__file__).resolve().parent.parent
sys.path[0] = str(PROJECT)  # as for a module of the project, which gunicorn imports this file as, too

from benchmarks.own_site import own_site  # noqa: E402 (after the path is known)

CLIENTS = 4
PLANS = 5
REQUESTS_PER_SECOND = 50
COUNTED = {"/uncached": "API, read for each request", "/api/plans": "API, with the cache"}
TIMED = {"/api/plans": "API, with the cache", "/plans": "page, with the cache", "/constant": "a constant"}


# What gunicorn runs: the site, and beside it the views to compare with.


def make_application() -> Any:
    os.environ["DJANGO_SETTINGS_MODULE"] = "electionsite.settings"
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    from electionsite import urls
    from plans.public_list import JSON, make_documents, read_rows
    from plans.views.public import public_api

    counted = {"queries": 0}
    constant = make_documents(read_rows())[JSON].content

    def count(execute: Any, *arguments: Any) -> Any:
        counted["queries"] += 1
        return execute(*arguments)

    def counting(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        def answer(*arguments: Any, **named: Any) -> HttpResponse:
            with connections["default"].execute_wrapper(count):
                return view(*arguments, **named)

        return answer

    def uncached(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(make_documents(read_rows())[JSON].content, content_type="application/json")

    def of_a_constant(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(constant, content_type="application/json")

    def queries(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(counted["queries"])

    urls.urlpatterns[:0] = [
        route("api/plans", counting(public_api)),
        route("uncached", counting(uncached)),
        route("constant", of_a_constant),
        route("queries", queries),
    ]
    return application


@contextmanager
def gunicorn() -> Iterator[int]:
    """One worker process, so that its count of queries is all; yields the port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        command = [sys.executable, "-m", "gunicorn", "benchmarks.plans_api:make_application()", "--log-level", "error"]
        command += ["--bind", f"fd://{listening.fileno()}", "--worker-class", "gthread", "--threads", str(CLIENTS)]
        command += ["--no-control-socket"]
        port = listening.getsockname()[1]
        process = subprocess.Popen(command, pass_fds=(listening.fileno(),), cwd=PROJECT)
        try:
            fetch(port, "/api/plans", requests=1)
            yield port
        finally:
            process.terminate()
            process.wait(30)


# What the clients do.


def fetch(
    port: int, path: str, *, requests: int = 0, seconds: float = 0.0, per_second: float = 0.0
) -> tuple[int, bytes]:
    """How many requests one client made: so many, or for so long, at most so many a second; and the last body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    started, made, body = time.perf_counter(), 0, b""
    while made < requests or time.perf_counter() < started + seconds:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise SystemExit(f"{path}: {answer.status}")
        made += 1
        if per_second:
            time.sleep(max(0.0, started + made / per_second - time.perf_counter()))
    connection.close()
    return made, body


def all_clients(work: Callable[[], int]) -> int:
    """The sum of what each client made."""
    made: list[int] = []
    threads = [threading.Thread(target=lambda: made.append(work())) for _client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(made) != CLIENTS:
        raise SystemExit("A client failed.")
    return sum(made)


def measure_queries(port: int, path: str, seconds: float) -> dict[str, Any]:
    def count() -> int:
        return int(fetch(port, "/queries", requests=1)[1])

    before, rate = count(), REQUESTS_PER_SECOND / CLIENTS
    requests = all_clients(lambda: fetch(port, path, requests=int(seconds * rate), per_second=rate)[0])
    return {"way": COUNTED[path], "requests": requests, "queries": count() - before}


def measure_speed(port: int, seconds: float, rounds: int) -> dict[str, float]:
    """Requests a second by path, the median of the rounds."""
    found: dict[str, list[float]] = {path: [] for path in TIMED}
    for path in TIMED:
        fetch(port, path, requests=50)
    for _round in range(rounds):
        for path, speeds in found.items():
            started = time.perf_counter()
            made = all_clients(lambda path=path: fetch(port, path, seconds=seconds)[0])  # type: ignore[misc]
            speeds.append(made / (time.perf_counter() - started))
    return {path: statistics.median(speeds) for path, speeds in found.items()}


def prepare() -> None:
    from plans.models import Plan, Stage

    for number in range(PLANS):
        Plan.objects.create(
            code=f"plan-{number}", name_fa="پایه", name_en="Basic", price_rials=10**8 * (number + 1),
            entitlements={"people": 5000, "broadcasts": 10}, release_notes="<p>New: <b>polls</b></p>" * 5,
            stage=Stage.AVAILABLE, is_available_for_purchase=True,
        )  # fmt: skip


def run_all(seconds: float, rounds: int) -> dict[str, Any]:
    # Limits would refuse this machine after a second.
    with own_site(ELECTIONSITE_RATE_LIMITS="false"):
        prepare()
        with gunicorn() as port:
            queries = [measure_queries(port, path, seconds) for path in COUNTED]
            speed = measure_speed(port, seconds / 5, rounds)
    without, with_cache = (row["queries"] for row in queries)
    return {
        "benchmark": "plans_api",
        "queries": queries,
        "fewer_queries_percent": round(100 * (1 - with_cache / without), 1),
        "speed": [{"way": TIMED[path], "requests_per_second": round(speed[path])} for path in TIMED],
        "within": round(speed["/constant"] / speed["/api/plans"], 2),
    }


def show(figures: dict[str, Any]) -> None:
    print(f"{'Queries, for the same traffic':<34}{'Requests':>10}{'Queries':>10}")  # noqa: T201
    for row in figures["queries"]:
        print(f"{row['way']:<34}{row['requests']:>10,}{row['queries']:>10,}")  # noqa: T201
    print(f"{'fewer queries':<34}{figures['fewer_queries_percent']:>19.1f}%")  # noqa: T201
    print(f"\n{'Speed, ' + str(CLIENTS) + ' clients':<34}{'Requests/s':>10}")  # noqa: T201
    for row in figures["speed"]:
        print(f"{row['way']:<34}{row['requests_per_second']:>10,}")  # noqa: T201
    print(f"{'constant / API':<34}{figures['within']:>10.2f}")  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10, help="of traffic for each count of queries")
    parser.add_argument("--quick", action="store_true", help="less traffic, under half a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    options = parser.parse_args()
    figures = run_all(3, 3) if options.quick else run_all(options.seconds, 7)
    if options.json:
        print(json.dumps(figures))  # noqa: T201
    else:
        show(figures)


if __name__ == "__main__":
    main()
