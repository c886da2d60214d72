"""The health endpoints, with servers that are really stopped or really hang."""

import socket
import time
from collections.abc import Iterator

import pytest
import redis
import time_machine

from audit.services import record
from scaling import health
from scaling.health import ProbeResult, TimedProbe, judge, run_probes


@pytest.fixture(autouse=True)
def _fresh_probes(monkeypatch):
    """Probes of an earlier test may still hang; give each test its own."""
    fresh = {name: TimedProbe(name, probe._probe) for name, probe in health.PROBES.items()}
    monkeypatch.setattr(health, "PROBES", fresh)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A listener that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_live_answers_without_asking_the_database(client, django_assert_num_queries):
    # No `db` mark: pytest-django raises on any query.
    response = client.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


@pytest.mark.parametrize("address", ["/health", "/health/live", "/health/ready"])
@pytest.mark.django_db
def test_answers_with_and_without_final_slash_and_is_never_cached(client, address):
    for path in (address, f"{address}/"):
        response = client.get(path)
        assert response.status_code == 200
        assert "no-store" in response.headers["Cache-Control"]
    assert client.post(address).status_code == 405


@pytest.mark.django_db
def test_health_reads_as_the_owner_drew_it(client):
    answer = client.get("/health").json()
    assert list(answer) == ["status", "cpu", "memory", "db", "redis", "audit"]
    assert (answer["status"], answer["db"], answer["redis"]) == ("healthy", "connected", "connected")
    assert answer["audit"] == "sealed"
    assert 0 <= answer["cpu"] <= 100
    assert 0 < answer["memory"] <= 100


@pytest.mark.django_db
def test_an_audit_log_that_nobody_seals_degrades(client):
    with time_machine.travel("2026-01-01T00:00:00Z"):
        record(action="audit.test.act", actor=None)
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["status"], answer.json()["audit"]) == (200, "degraded", "late")


@pytest.mark.django_db
def test_a_stopped_redis_degrades_but_stays_ready(client, settings, own_redis):
    settings.REDIS_URL = own_redis.url
    assert client.get("/health/ready").json()["redis"] == "connected"
    own_redis.stop()
    response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json() == {"status": "degraded", "db": "connected", "redis": "disconnected", "queue": "connected"}
    assert client.get("/health").json()["redis"] == "disconnected"


@pytest.mark.django_db
def test_a_redis_that_hangs_costs_one_second(client, settings, silent_port):
    settings.REDIS_URL = settings.REDIS_QUEUE_URL = f"redis://127.0.0.1:{silent_port}/0"
    started_at = time.monotonic()
    response = client.get("/health/ready")
    assert time.monotonic() - started_at < 1.5
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"


@pytest.mark.django_db
def test_a_database_that_hangs_is_unready_after_one_second(client, monkeypatch, silent_port):
    from django.db import connection

    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connection.settings_dict, "PORT", str(silent_port))
    started_at = time.monotonic()
    response = client.get("/health/ready")
    assert time.monotonic() - started_at < 1.5
    assert response.status_code == 503
    assert (response.json()["status"], response.json()["db"]) == ("unhealthy", "timed out")
    assert client.get("/health").status_code == 503
    assert client.get("/health/live").status_code == 200


@pytest.mark.django_db
def test_a_database_that_is_down_is_unready(client, monkeypatch, tmp_path):
    from django.db import connection

    monkeypatch.setitem(connection.settings_dict, "HOST", str(tmp_path))
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["db"] == "disconnected"


def test_a_probe_that_hangs_gets_no_second_thread():
    calls = []

    def hang() -> None:
        calls.append(1)
        time.sleep(0.5)

    probe = TimedProbe("hanging", hang, seconds=0.05)
    results = [run_probes({"hanging": probe})["hanging"] for _round in range(3)]
    assert results == [ProbeResult.TIMED_OUT] * 3
    assert calls == [1]


@pytest.mark.parametrize(
    ("db", "redis_result", "verdict"),
    [
        (ProbeResult.CONNECTED, ProbeResult.CONNECTED, "healthy"),
        (ProbeResult.CONNECTED, ProbeResult.TIMED_OUT, "degraded"),
        (ProbeResult.FAILED, ProbeResult.CONNECTED, "unhealthy"),
        (ProbeResult.TIMED_OUT, ProbeResult.FAILED, "unhealthy"),
    ],
)
def test_verdict(db, redis_result, verdict):
    assert judge({"db": db, "redis": redis_result}) == verdict


def test_the_probe_asks_redis_itself_not_the_cache_that_falls_back(settings, tmp_path):
    from scaling.probes import probe_cache

    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    with pytest.raises(redis.RedisError):
        probe_cache()
