"""How fast a ready export leaves: megabytes a second and the first byte; on this machine, over loopback.

    .venv/bin/python benchmarks/download.py [--megabytes 500] [--rounds 5] [--quick] [--json]

Starts an embedded PostgreSQL and Redis in a temporary folder, writes an encrypted file into a vault there, and starts
gunicorn with one worker process and the site's own middleware. Each round makes a link, presses its button, and fetches
the file by the ticket: the time runs from the request's first byte to the answer's first and last. What comes is
compared with what was written. Beside it, in the same rounds: reading and decrypting alone, without a web server, and
the same bytes from memory by the same worker, which is what loopback and this client can do.
"""

import argparse
import hashlib
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.urls import path as route

PROJECT = Path(__file__).resolve().parent.parent
sys.path[0] = str(PROJECT)  # as for a module of the project, which gunicorn imports this file as, too

MEBIBYTE = 1 << 20
MEGABYTE = 1_000_000
BLOCK = os.urandom(MEBIBYTE)  # what can be compressed, or is zero, could be sent faster than a file's bytes


# What gunicorn runs: the site, and beside it what to compare with.


def make_application() -> Any:
    os.environ["DJANGO_SETTINGS_MODULE"] = "electionsite.settings"
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    from electionsite import urls

    def from_memory(_request: HttpRequest, size: int) -> StreamingHttpResponse:
        whole, rest = divmod(size, MEBIBYTE)
        pieces = (BLOCK[: MEBIBYTE if number < whole else rest] for number in range(whole + 1))
        return StreamingHttpResponse(pieces, headers={"Content-Length": size})

    urls.urlpatterns[:0] = [route("memory/<int:size>", from_memory)]
    return application


@contextmanager
def gunicorn() -> Iterator[int]:
    """One worker process; yields the port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        command = [sys.executable, "-m", "gunicorn", "benchmarks.download:make_application()", "--log-level", "error"]
        command += ["--bind", f"fd://{listening.fileno()}", "--worker-class", "gthread", "--threads", "4"]
        command += ["--no-control-socket"]
        port = listening.getsockname()[1]
        process = subprocess.Popen(command, pass_fds=(listening.fileno(),), cwd=PROJECT)
        try:
            ask(port, "GET", "/health/live").read()
            yield port
        finally:
            process.terminate()
            process.wait(30)


# What the client does.


def ask(port: int, method: str, path: str, *, body: str = "", cookies: dict[str, str] | None = None) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())}
    if body:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, body=body or None, headers=headers)
    return connection.getresponse()


def cookies_of(answer: HTTPResponse) -> dict[str, str]:
    found = [text.partition(";")[0].partition("=") for text in answer.headers.get_all("Set-Cookie") or []]
    return {name: value for name, _equals, value in found}


def press(port: int, path: str) -> tuple[str, dict[str, str]]:
    """Use a link up as a browser does; the file's address and the cookies that open it."""
    page = ask(port, "GET", path)
    token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page.read())
    if page.status != 200 or not token:
        raise SystemExit(f"{path}: {page.status}")
    cookies = cookies_of(page)
    answer = ask(port, "POST", path, body=f"csrfmiddlewaretoken={token[1].decode()}", cookies=cookies)
    if answer.status != 303:
        raise SystemExit(f"{path}: {answer.status}")
    return str(answer.headers["Location"]), cookies | cookies_of(answer)


def fetch(port: int, path: str, cookies: dict[str, str], *, digest: Any = None) -> tuple[float, float]:
    """Seconds until the first byte of the body, and megabytes a second of all of it. With `digest`, it learns them."""
    started = time.perf_counter()
    answer = ask(port, "GET", path, cookies=cookies)
    size = int(answer.headers["Content-Length"])
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status}")
    buffer = memoryview(bytearray(MEBIBYTE))
    received = answer.readinto(buffer[:1])
    first_byte_seconds = time.perf_counter() - started
    if digest:
        digest.update(buffer[:1])
    while count := answer.readinto(buffer):
        received += count
        if digest:
            digest.update(buffer[:count])
    if received != size:
        raise SystemExit(f"{received} bytes came instead of {size}.")
    return first_byte_seconds, size / MEGABYTE / (time.perf_counter() - started)


# The export.


def prepare(size: int) -> Any:
    """An export that is ready, with so many bytes in the vault."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "electionsite.settings"
    import django

    django.setup()
    from django.core.management import call_command

    from accounts.roles import Role
    from accounts.testing import make_staff
    from exports.tests.link_samples import make_ready_run

    call_command("migrate", verbosity=0)
    return make_ready_run(make_staff(Role.OWNER), content=BLOCK * (size // MEBIBYTE) + BLOCK[: size % MEBIBYTE])


def decrypt(run: Any) -> float:
    """Megabytes a second of reading and decrypting alone."""
    from exports.vault import decrypt_export_file

    started = time.perf_counter()
    with decrypt_export_file(run=run) as reader:
        for _piece in reader.read_range():
            pass
        return float(reader.size / MEGABYTE / (time.perf_counter() - started))


def measure(port: int, run: Any, rounds: int) -> dict[str, Any]:
    from exports.tests.link_samples import make_link

    digest = hashlib.sha256()
    fetch(port, *press(port, make_link(run)), digest=digest)  # which also warms both up
    if digest.hexdigest() != run.sha256:
        raise SystemExit("Other bytes came than were written.")
    first, speeds, alone, memory = [], [], [], []
    for _round in range(rounds):
        seconds, speed = fetch(port, *press(port, make_link(run)))
        first.append(seconds)
        speeds.append(speed)
        alone.append(decrypt(run))
        memory.append(fetch(port, f"/memory/{run.file_bytes}", {})[1])
    return {
        "megabytes_per_second": round(statistics.median(speeds)),
        "slowest_megabytes_per_second": round(min(speeds)),
        "first_byte_ms": round(1000 * statistics.median(first), 1),
        "slowest_first_byte_ms": round(1000 * max(first), 1),
        "decrypting_alone_megabytes_per_second": round(statistics.median(alone)),
        "from_memory_megabytes_per_second": round(statistics.median(memory)),
    }


def run_all(megabytes: int, rounds: int) -> dict[str, Any]:
    from common.embedded import provide_servers

    with tempfile.TemporaryDirectory(prefix="electionsite-benchmark-") as name:
        # Never the servers that this machine's environment names: theirs are other people's data.
        for variable in ("DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "REDIS_URL_FILE"):
            os.environ.pop(variable, None)
        os.environ |= {"ELECTIONSITE_DATA_DIR": name, "ELECTIONSITE_ENVIRONMENT": "development"}
        os.environ |= {"ELECTIONSITE_EXPORTS_STORE": f"{name}/exports", "ELECTIONSITE_RATE_LIMITS": "false"}
        provide_servers(Path(name))
        export = prepare(megabytes * MEGABYTE)
        with gunicorn() as port:
            figures = measure(port, export, rounds)
    return {"benchmark": "download", "megabytes": megabytes, "rounds": rounds, **figures}


def show(figures: dict[str, Any]) -> None:
    print(f"A file of {figures['megabytes']} MB, one worker, medians of {figures['rounds']} rounds")  # noqa: T201
    for name, words in {
        "megabytes_per_second": "download, MB/s",
        "slowest_megabytes_per_second": "the slowest round, MB/s",
        "first_byte_ms": "first byte, ms",
        "slowest_first_byte_ms": "the slowest first byte, ms",
        "decrypting_alone_megabytes_per_second": "reading and decrypting alone, MB/s",
        "from_memory_megabytes_per_second": "as many bytes from memory, MB/s",
    }.items():
        print(f"{words:<40}{figures[name]:>10,}")  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=500, help="size of the file")
    parser.add_argument("--rounds", type=int, default=5, help="downloads that are timed")
    parser.add_argument("--quick", action="store_true", help="200 MB and three rounds")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    options = parser.parse_args()
    figures = run_all(200, 3) if options.quick else run_all(options.megabytes, options.rounds)
    if options.json:
        print(json.dumps(figures))  # noqa: T201
    else:
        show(figures)


if __name__ == "__main__":
    main()
