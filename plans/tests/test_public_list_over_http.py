"""What anybody can buy now, from gunicorn's processes, while PostgreSQL or Redis comes and goes."""

import datetime as dt
import os
import subprocess
import sys
import time

import httpx
import psycopg
import pytest
from django.conf import settings

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from common.testing.processes import wait_until
from plans.models import Plan, Stage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SET_UP = """
import django
django.setup()
from plans.models import Plan, Stage
Plan.objects.create(code="basic", name_fa="x", name_en="Basic", price_rials=5, stage=Stage.AVAILABLE,
                    is_available_for_purchase=True)
"""
PAGES = ("/plans", "/api/plans")
PROMISED_SECONDS = 1.0


@pytest.fixture
def set_up(migrated_postgresql):
    """A database of its own with one plan on sale."""
    environment = {
        **os.environ,
        "DATABASE_URL": migrated_postgresql.url,
        "DJANGO_SETTINGS_MODULE": "electionsite.settings",
    }
    subprocess.run([sys.executable, "-c", SET_UP], env=environment, capture_output=True, check=True)


def get(url, **options):
    return httpx.get(url, trust_env=False, timeout=10, **options)


def put(stage):
    Plan.objects.update(stage=stage, is_available_for_purchase=stage == Stage.AVAILABLE)


def codes(root):
    response = get(f"{root}/api/plans")
    assert response.status_code == 200
    assert "X-Stale-Since" not in response.headers
    return [plan["code"] for plan in response.json()["plans"]]


def test_a_change_shows_in_every_process_within_a_second(start_gunicorn):
    roots = [start_gunicorn(workers=1), start_gunicorn(workers=2)]
    Plan.objects.create(code="basic", name_fa="x", name_en="Basic", price_rials=5)
    for stage, expected in ((Stage.AVAILABLE, ["basic"]), (Stage.DISABLED, []), (Stage.AVAILABLE, ["basic"])):
        for root in roots * 5:  # each process has a copy, and a fresh one
            get(f"{root}/api/plans")
        put(stage)
        time.sleep(PROMISED_SECONDS)
        assert all(codes(root) == expected for root in roots * 5)


def test_without_redis_the_list_is_as_correct(start_gunicorn, own_redis):
    root = start_gunicorn(workers=1)
    Plan.objects.create(code="basic", name_fa="x", name_en="Basic", price_rials=5)
    for act, stage, expected in (
        (None, Stage.AVAILABLE, ["basic"]),
        (own_redis.stop, Stage.DISABLED, []),
        (None, Stage.AVAILABLE, ["basic"]),
        (own_redis.start, Stage.DISABLED, []),
    ):
        if act:
            act()
        get(f"{root}/plans")
        put(stage)
        time.sleep(PROMISED_SECONDS)
        assert codes(root) == expected


@pytest.mark.parametrize("cookies", [{}, {"sessionid": "that-of-somebody"}])
def test_while_postgresql_is_away_the_last_known_list_is_served_and_says_so(
    start_gunicorn, migrated_postgresql, set_up, cookies
):
    root = start_gunicorn(workers=1, DATABASE_URL=migrated_postgresql.url)
    before = {path: get(root + path) for path in PAGES}
    migrated_postgresql.stop()
    time.sleep(0.5)  # the copies are no longer fresh
    for path in PAGES:
        stale = get(root + path, cookies=cookies)
        assert (stale.status_code, stale.content) == (200, before[path].content)
        since = dt.datetime.fromisoformat(stale.headers["X-Stale-Since"])
        assert dt.timedelta(0) < dt.datetime.now(dt.UTC) - since < dt.timedelta(minutes=1)
        known = get(root + path, headers={"If-None-Match": before[path].headers["ETag"]})
        assert (known.status_code, "X-Stale-Since" in known.headers) == (304, True)
    migrated_postgresql.start()
    with psycopg.connect(migrated_postgresql.url, autocommit=True) as connection:
        connection.execute("UPDATE plans_plan SET code = 'renamed'")
    assert wait_until(lambda: "X-Stale-Since" not in get(f"{root}/api/plans").headers, 10)
    assert codes(root) == ["renamed"]


def test_a_process_that_starts_while_postgresql_is_away_serves_what_redis_knows(
    start_gunicorn, migrated_postgresql, own_redis, set_up
):
    first = start_gunicorn(workers=1, DATABASE_URL=migrated_postgresql.url)
    known = get(f"{first}/api/plans")
    migrated_postgresql.stop()
    second = start_gunicorn(workers=1, DATABASE_URL=migrated_postgresql.url)
    stale = get(f"{second}/api/plans")
    assert (stale.status_code, stale.content, stale.headers["ETag"]) == (200, known.content, known.headers["ETag"])
    assert "X-Stale-Since" in stale.headers
    own_redis.stop()
    time.sleep(1)  # both ask again
    assert [get(f"{root}/plans").status_code for root in (first, second)] == [200, 200]


def test_where_the_list_was_never_known_503_says_when_to_come_back(start_gunicorn, migrated_postgresql, set_up):
    migrated_postgresql.stop()
    root = start_gunicorn(workers=1, DATABASE_URL=migrated_postgresql.url)
    for path in PAGES:
        refused = get(root + path)
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert refused.headers["Cache-Control"] == "no-store"
    assert get(f"{root}/api/plans").json()["code"] == "plans-unavailable"
    migrated_postgresql.start()
    assert wait_until(lambda: get(f"{root}/api/plans").status_code == 200, 10)
    assert codes(root) == ["basic"]


def test_a_database_that_hangs_delays_nobody_for_long(start_gunicorn, migrated_postgresql, set_up):
    root = start_gunicorn(workers=1, DATABASE_URL=migrated_postgresql.url)
    get(f"{root}/api/plans")
    with psycopg.connect(migrated_postgresql.url) as connection, httpx.Client(base_url=root, trust_env=False) as client:
        connection.execute("LOCK TABLE plans_plan")
        time.sleep(0.5)
        with pytest.raises(httpx.ReadTimeout):  # the one that asks
            httpx.get(f"{root}/api/plans", timeout=0.5, trust_env=False)
        started = time.monotonic()
        answers = [client.get("/api/plans") for _request in range(2)]
        assert time.monotonic() - started < 3
        assert all(answer.is_success and "X-Stale-Since" in answer.headers for answer in answers)
    assert wait_until(lambda: "X-Stale-Since" not in get(f"{root}/api/plans").headers, 10)


def test_no_process_begins_or_ends_a_session(start_gunicorn):
    root = start_gunicorn(workers=1)
    signed_in = sign_in(make_staff(Role.OWNER)).cookies[settings.SESSION_COOKIE_NAME].value
    for path in PAGES:
        for cookies in ({}, {"sessionid": "unknown"}, {"sessionid": signed_in}):
            answer = get(root + path, cookies=cookies)
            assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)
            assert answer.headers["Cache-Control"] == "public, no-cache"
