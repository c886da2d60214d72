from collections.abc import Iterator

import pytest
from django.core.cache import cache
from redis.backoff import NoBackoff
from redis.retry import Retry

from common.cache import RETRY_AFTER_SECONDS, FallbackRedisCache

NOBODY = "unix:///nonexistent/redis"
OPTIONS = {"socket_timeout": 0.2, "socket_connect_timeout": 0.2, "retry": Retry(NoBackoff(), 0)}


@pytest.fixture
def away(request) -> Iterator[FallbackRedisCache]:
    """A cache whose Redis doesn't answer; each test has another, as a process remembers what doesn't."""
    made = FallbackRedisCache(f"{NOBODY}-{request.node.name}", {"OPTIONS": OPTIONS})
    yield made
    made._local.clear()


def test_values_are_kept_in_redis_while_it_answers():
    cache.set("a", {"b": 1}, 60)
    assert cache.get("a") == {"b": 1}
    assert cache.add("n", 0)
    assert cache.incr("n") == 1
    assert cache.get_many(["a", "n"]) == {"a": {"b": 1}, "n": 1}


def test_every_operation_works_without_redis(away):
    away.set("a", 1)
    assert away.get("a") == 1
    assert away.add("a", 2) is False
    assert away.incr("a") == 2
    assert away.decr("a") == 1
    assert away.has_key("a")
    assert "a" in away
    assert away.touch("a", 60)
    assert away.set_many({"b": 2, "c": 3}) == []
    assert away.get_many(["a", "b", "c"]) == {"a": 1, "b": 2, "c": 3}
    assert away.get_or_set("d", 4) == 4
    assert away.delete("a")
    away.delete_many(["b"])
    assert away.get("b") is None
    away.clear()
    assert away.get("c") is None


def test_a_dead_redis_is_asked_once_in_five_seconds(away, monkeypatch, caplog):
    now = 1000.0
    monkeypatch.setattr("common.cache.time.monotonic", lambda: now)
    for _call in range(5):
        away.get("a")
    assert len(caplog.records) == 1
    now += RETRY_AFTER_SECONDS
    away.get("a")
    assert len(caplog.records) == 2


def test_the_warning_names_no_address(away, caplog):
    away.get("a")
    assert NOBODY not in caplog.text


def test_a_wrong_use_is_not_taken_for_a_dead_redis(away):
    with pytest.raises(ValueError):
        away.incr("never-set")
    with pytest.raises(ValueError):
        cache.incr("never-set")


def test_what_was_kept_in_one_outage_is_gone_in_the_next(own_redis, monkeypatch):
    now = 1000.0
    monkeypatch.setattr("common.cache.time.monotonic", lambda: now)
    kept = FallbackRedisCache(own_redis.url, {"OPTIONS": OPTIONS})
    own_redis.stop()
    kept.set("session", "signed in")
    assert kept.get("session") == "signed in"
    own_redis.start()
    now += RETRY_AFTER_SECONDS
    kept.delete("session")
    own_redis.stop()
    assert kept.get("session") is None


def test_threads_share_what_is_known_of_an_outage(away, caplog):
    away.get("a")
    twin = FallbackRedisCache(away._servers[0], {"OPTIONS": OPTIONS})
    twin.get("a")
    assert len(caplog.records) == 1
