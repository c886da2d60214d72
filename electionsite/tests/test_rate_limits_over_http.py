"""Rate limits of several servers over real HTTP, while Redis comes and goes."""

import time
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address

import httpx
import pytest
import redis
from django_ratelimit.core import _get_window

from common.rate_limits import WINDOW_SECONDS
from common.testing.processes import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

ENOUGH_SECONDS = 45  # of a window, for all that a test sends within it
BEHIND_ONE_PROXY = {"ELECTIONSITE_RATE_LIMITS": "yes", "ELECTIONSITE_TRUSTED_PROXY_COUNT": "1"}
LIMIT = 100


class Strangers:
    """Addresses that never asked before, whose windows have only just begun."""

    def __init__(self):
        self._next = IPv4Address("10.1.0.0")

    def one(self):
        while True:
            self._next += 1
            left = _get_window(f"address {self._next}/32", WINDOW_SECONDS) - time.time()
            if left > ENOUGH_SECONDS:
                return str(self._next)


@pytest.fixture
def strangers():
    return Strangers()


@pytest.fixture
def ask():
    """Asks as somebody at `address`, over a new connection each time, so that any worker may answer."""
    with httpx.Client(trust_env=False, timeout=20, headers={"Connection": "close"}) as client:
        yield lambda url, address, path="/no-such-page", method="GET": client.request(
            method, f"{url}{path}", headers={"X-Forwarded-For": address}
        )


@pytest.fixture
def ask_often(ask):
    """The statuses of `number` requests, sent eight at a time to `urls` in turn."""

    def statuses(urls, address, number, **options):
        with ThreadPoolExecutor(8) as threads:
            answers = threads.map(lambda turn: ask(urls[turn % len(urls)], address, **options), range(number))
            return [answer.status_code for answer in answers]

    return statuses


def test_two_workers_share_a_limit(start_gunicorn, strangers, ask, ask_often):
    site = start_gunicorn(workers=2, **BEHIND_ONE_PROXY)
    address = strangers.one()
    found = ask_often([site], address, LIMIT + 40)
    assert (found.count(404), found.count(429)) == (LIMIT, 40)
    refused = ask(site, address)
    assert 1 <= int(refused.headers["Retry-After"]) <= WINDOW_SECONDS
    assert ask(site, strangers.one()).status_code == 404


def test_servers_share_a_limit_while_redis_runs_and_keep_one_each_while_it_does_not(
    start_gunicorn, own_redis, strangers, ask, ask_often
):
    servers = [start_gunicorn(workers=1, **BEHIND_ONE_PROXY) for _server in range(2)]
    found = ask_often(servers, strangers.one(), LIMIT + 20)
    assert (found.count(404), found.count(429)) == (LIMIT, 20)

    own_redis.stop()
    address = strangers.one()
    for server in servers:
        found = ask_often([server], address, LIMIT + 20)
        assert (found.count(404), found.count(429)) == (LIMIT, 20)

    own_redis.start()
    for server in servers:
        assert wait_until(lambda server=server: _counts_in_redis(ask, server, own_redis, strangers), 20)
    found = ask_often(servers, strangers.one(), LIMIT + 20)
    assert (found.count(404), found.count(429)) == (LIMIT, 20)


def _counts_in_redis(ask, server, own_redis, strangers):
    with redis.Redis.from_url(own_redis.url) as client:
        before = client.dbsize()
        assert ask(server, strangers.one()).status_code == 404
        return client.dbsize() > before


def test_while_redis_is_stopped_and_started_nothing_fails(start_gunicorn, own_redis, strangers, ask):
    site = start_gunicorn(workers=2, **BEHIND_ONE_PROXY)
    found = set()
    for change in (own_redis.kill, own_redis.start, own_redis.stop, own_redis.start):
        with ThreadPoolExecutor(8) as threads:
            asked = [threads.submit(ask, site, strangers.one(), "/admin/login/") for _request in range(20)]
            change()
            asked += [threads.submit(ask, site, strangers.one(), "/admin/login/") for _request in range(20)]
            found |= {request.result().status_code for request in asked}
    assert found == {200}


def test_a_webhook_is_never_limited(intake, strangers, ask_often):
    found = ask_often([intake.url], strangers.one(), LIMIT + 50, path="/webhook/tehran/unknown", method="POST")
    assert set(found) == {404}
