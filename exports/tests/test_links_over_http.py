"""Links against gunicorn: what real connections, logs and databases see."""

import http.client
import re
import socket
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from accounts.roles import Role
from accounts.testing import make_staff
from common.testing.gunicorn_server import database_url
from common.testing.processes import wait_until
from exports.tests.link_samples import CONTENT, make_link, make_ready_run, newest_link

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

LARGE = b"0123456789abcdef" * 4_000_000  # 64 MB: no buffer on the way takes it whole


def press(client: httpx.Client, path: str) -> httpx.Response:
    """Open the link's page and press its button, as a browser does."""
    page = client.get(path)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token, page.text
    return client.post(path, data={"csrfmiddlewaretoken": token[1]})


def browser(site: str) -> httpx.Client:
    # gunicorn closes a connection that waits for two seconds, maybe in the moment in which it is used again.
    return httpx.Client(base_url=site, trust_env=False, timeout=60, limits=httpx.Limits(max_keepalive_connections=0))


@pytest.fixture
def run() -> Any:
    return make_ready_run(make_staff(Role.DATA_OFFICER), content=LARGE)


def test_a_real_browser_gets_the_whole_file_and_the_log_no_token(start_gunicorn: Any, run: Any, tmp_path: Path) -> None:
    site, path = start_gunicorn(workers=1, ELECTIONSITE_LOG_LEVEL="DEBUG"), make_link(run)
    token = path.rpartition("/")[2]

    with browser(site) as client:
        answer = press(client, path)
        received = client.get(answer.headers["Location"])
        for refused in (client.post(path), client.get(path), client.get(path[:-1] + "x")):
            assert refused.status_code in (403, 404, 410)
        ticket = str(next(cookie.value for cookie in client.cookies.jar if "ticket" in cookie.name))

    assert received.content == LARGE
    logs = "".join(log.read_text() for log in tmp_path.glob("gunicorn-*.log"))
    assert "/exports/d/…" in logs
    assert token[22:60] not in logs
    assert ticket not in logs


def test_one_of_fifty_parallel_requests_wins_in_several_processes(start_gunicorn: Any, run: Any) -> None:
    site, path = start_gunicorn(workers=2), make_link(run)
    statuses: list[int] = []
    clients = [browser(site) for _request in range(50)]
    tokens = [re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(path).text) for client in clients]
    ready = threading.Barrier(len(clients))

    def one(client: httpx.Client, token: Any) -> None:
        ready.wait(30)
        statuses.append(client.post(path, data={"csrfmiddlewaretoken": token[1]}).status_code)

    threads = [threading.Thread(target=one, args=pair) for pair in zip(clients, tokens, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.close()

    assert sorted(statuses) == [303] + [410] * 49


def test_a_broken_connection_leaves_a_download_that_goes_on(start_gunicorn: Any, run: Any) -> None:
    site = start_gunicorn(workers=1)
    with browser(site) as client:
        address = press(client, make_link(run)).headers["Location"]
        first = b""
        with client.stream("GET", address) as answer:
            for piece in answer.iter_raw():
                first += piece
                if len(first) > 5_000_000:
                    break
        rest = client.get(address, headers={"Range": f"bytes={len(first)}-", "If-Range": answer.headers["ETag"]})

    assert (answer.status_code, rest.status_code) == (200, 206)
    assert first + rest.content == LARGE
    assert wait_until(lambda: newest_link(run).delivered_at is not None, 10)


def test_a_damaged_file_breaks_the_connection_off(start_gunicorn: Any, run: Any, vault_folder: Path) -> None:
    site = start_gunicorn(workers=1)
    with browser(site) as client:
        address = press(client, make_link(run)).headers["Location"]
        stored = bytearray((vault_folder / run.storage_name).read_bytes())
        stored[30_000_000] ^= 1
        (vault_folder / run.storage_name).write_bytes(stored)

        with pytest.raises(httpx.RemoteProtocolError, match="peer closed connection"):
            client.get(address)

    assert newest_link(run).delivered_at is None


def test_no_connection_to_the_database_is_held_while_a_file_is_sent(start_gunicorn: Any, run: Any) -> None:
    site = start_gunicorn(workers=1, ELECTIONSITE_DATABASE_CONNECTION_SECONDS="0", ELECTIONSITE_PUBLIC_URL="")
    with browser(site) as client:
        address = press(client, make_link(run)).headers["Location"]
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
    before = connections_open()
    place = urlsplit(site)
    with socket.create_connection((str(place.hostname), int(place.port or 0))) as slow:
        slow.sendall(f"GET {address} HTTP/1.1\r\nHost: {place.netloc}\r\nCookie: {cookies}\r\n\r\n".encode())
        answer = http.client.HTTPResponse(slow)
        answer.begin()
        assert (answer.status, len(answer.read(1000))) == (200, 1000)

        assert wait_until(lambda: connections_open() == before, 5)
        assert newest_link(run).delivered_at is None
        assert len(answer.read()) == len(LARGE) - 1000


def connections_open() -> int:
    """How many connections others than this one hold."""
    with psycopg.connect(database_url()) as own:
        found = own.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert found is not None
    return int(found[0])


def test_the_content_is_what_was_exported(start_gunicorn: Any) -> None:
    run = make_ready_run(make_staff(Role.DATA_OFFICER), content=CONTENT)
    with browser(start_gunicorn(workers=1)) as client:
        address = press(client, make_link(run)).headers["Location"]
        head = client.head(address)
        pieces = [
            client.get(address, headers={"Range": f"bytes={start}-{start + 999_999}"}).content
            for start in range(0, len(CONTENT), 1_000_000)
        ]

    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, str(len(CONTENT)), b"")
    assert b"".join(pieces) == CONTENT
