"""Who asks too often is told when to come back."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.translation import gettext, override

from accounts.roles import Role
from accounts.testing import PASSWORD, make_staff, sign_in
from audit.models import AuditLog
from common.cache import FallbackRedisCache

pytestmark = pytest.mark.django_db

PAGE = "/no-such-page"  # asks no database
SIGN_IN = "/admin/login/"


@pytest.fixture(autouse=True)
def limits(settings):
    """Small limits, in a minute that doesn't pass."""
    settings.RATELIMIT_ENABLE = True
    settings.RATE_LIMITS_PER_MINUTE = {"default": 3, "sign-in": 5, "download": 2, "api": 4}
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def statuses(client, path, number, method="get", **options):
    return [getattr(client, method)(path, **options).status_code for _request in range(number)]


def test_the_request_after_the_last_allowed_one_is_refused():
    assert statuses(Client(), PAGE, 5) == [404, 404, 404, 429, 429]


@pytest.mark.parametrize("second", range(0, 60, 7))
def test_who_comes_back_when_told_is_let_in_and_not_a_second_before(limits, second):
    client = Client(REMOTE_ADDR=f"192.0.2.{second + 1}")  # each address has windows of its own
    limits.move_to(timezone.now().replace(second=second, microsecond=0))
    statuses(client, PAGE, 3)
    told = int(client.get(PAGE)["Retry-After"])
    assert 1 <= told <= 60
    limits.shift(dt.timedelta(seconds=told - 1))
    assert client.get(PAGE).status_code == 429
    limits.shift(dt.timedelta(seconds=1))
    assert statuses(client, PAGE, 4) == [404, 404, 404, 429]


@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_page_is_in_the_readers_language_and_tells_the_seconds(language):
    client = Client()
    client.cookies["django_language"] = language
    statuses(client, PAGE, 3)
    response = client.get(PAGE)
    assert response["Content-Language"] == language
    assert "no-store" in response["Cache-Control"]
    assert response["Retry-After"] in response.content.decode()
    with override(language):
        assert gettext("Too many requests") in response.content.decode()


@pytest.mark.parametrize(
    ("path", "options"), [(PAGE, {"HTTP_ACCEPT": "application/json"}), ("/admin/plans/api/available", {})]
)
def test_programs_get_json(path, options):
    client = Client()
    statuses(client, path, 4, **options)
    response = client.get(path, **options)
    assert response.status_code == 429
    assert response.json()["error"] == "rate-limited"
    assert response.json()["retry_after_seconds"] == int(response["Retry-After"])


def test_each_address_counts_for_itself():
    assert statuses(Client(REMOTE_ADDR="192.0.2.1"), PAGE, 4)[-1] == 429
    assert Client(REMOTE_ADDR="192.0.2.2").get(PAGE).status_code == 404


def test_a_subscriber_of_version_6_has_one_count_however_many_addresses():
    for number in range(3):
        Client(REMOTE_ADDR=f"2001:db8::{number}").get(PAGE)
    assert Client(REMOTE_ADDR="2001:db8::9").get(PAGE).status_code == 429
    assert Client(REMOTE_ADDR="2001:db8:0:1::9").get(PAGE).status_code == 404


def test_behind_a_proxy_clients_are_told_apart_and_forged_headers_are_not_believed(settings):
    settings.TRUSTED_PROXY_COUNT = 1
    for number in range(4):
        forged = Client(HTTP_X_FORWARDED_FOR=f"198.51.100.{number}, 192.0.2.1").get(PAGE)
    assert forged.status_code == 429
    assert Client(HTTP_X_FORWARDED_FOR="192.0.2.2").get(PAGE).status_code == 404


def test_people_behind_one_address_count_each_for_themselves():
    mina, ali = sign_in(make_staff(Role.OWNER)), sign_in(make_staff(Role.SUPPORT))
    assert statuses(mina, "/admin/", 4) == [200, 200, 200, 429]
    assert statuses(ali, "/admin/", 3) == [200, 200, 200]
    assert Client().get(PAGE).status_code == 404


def test_a_person_has_one_count_from_all_addresses():
    user = make_staff(Role.OWNER)
    client = sign_in(user)
    for number in range(3):
        client.get("/admin/", REMOTE_ADDR=f"192.0.2.{number}")
    assert client.get("/admin/", REMOTE_ADDR="192.0.2.9").status_code == 429


def attempt(username, typed="wrong", **options):
    return Client().post(SIGN_IN, {"username": username, "password": typed}, **options).status_code


def test_an_address_fails_to_sign_in_five_times_a_minute_whatever_the_names():
    assert [attempt(f"name-{number}") for number in range(6)] == [200] * 5 + [429]
    assert attempt("name-9", REMOTE_ADDR="192.0.2.9") == 200
    assert Client().get(SIGN_IN).status_code == 200


def test_the_right_password_is_not_tried_past_the_limit():
    make_staff(Role.OWNER, username="mina")
    for number in range(5):
        attempt(f"name-{number}")
    assert attempt("mina", PASSWORD) == 429
    assert not AuditLog.objects.filter(action="accounts.session.signed_in").exists()


def test_an_office_behind_one_address_signs_in_as_it_likes():
    for number in range(8):
        make_staff(Role.SUPPORT, username=f"person-{number}")
    assert [attempt(f"person-{number}", PASSWORD) for number in range(8)] == [302] * 8
    assert [attempt(f"name-{number}") for number in range(6)] == [200] * 5 + [429]


def test_downloads_and_programs_have_counts_of_their_own():
    client = sign_in(make_staff(Role.OWNER))
    assert statuses(client, "/admin/exports/bot-users", 3) == [200, 200, 429]
    assert statuses(client, "/admin/plans/api/available", 5) == [200] * 4 + [429]
    assert statuses(client, "/admin/", 4) == [200, 200, 200, 429]


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
def test_a_probe_is_never_limited(path):
    assert 429 not in statuses(Client(), path, 6)


@pytest.mark.parametrize("path", ["/metrics", "/metrics/"])
def test_monitoring_is_never_limited(path):
    assert set(statuses(Client(), path, 6)) == {404}


def test_an_address_that_only_looks_like_a_probe_is_limited():
    assert statuses(Client(), "/healthy", 4)[-1] == 429


def test_static_files_are_not_counted():
    client = Client()
    for _request in range(6):
        client.get("/static/electionsite/icon.svg").close()
    assert client.get(PAGE).status_code == 404


def test_one_row_of_the_log_tells_of_a_client_that_was_refused():
    statuses(Client(REMOTE_ADDR="192.0.2.1"), PAGE, 9)
    row = AuditLog.objects.get(action="security.rate_limit.exceeded")
    assert (row.address, row.details) == ("192.0.2.1", {"limit": "default", "per_minute": 3, "path": PAGE})


def test_limits_can_be_switched_off(settings):
    settings.RATELIMIT_ENABLE = False
    assert statuses(Client(), PAGE, 5) == [404] * 5


def ask_once(_number):
    try:
        return Client().get(PAGE).status_code
    finally:
        connection.close()


def together(number):
    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(ask_once, range(number)))


@pytest.mark.django_db(transaction=True)
def test_of_a_hundred_at_once_exactly_the_limit_is_let_through(settings):
    settings.RATE_LIMITS_PER_MINUTE = {**settings.RATE_LIMITS_PER_MINUTE, "default": 40}
    assert together(100).count(404) == 40


@pytest.fixture
def lone_redis(own_redis, settings):
    """A Redis that the test may stop, in which the limits are counted."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": own_redis.url}}
    return own_redis


@pytest.mark.django_db(transaction=True)
def test_without_redis_exactly_the_limit_is_let_through_each_process(settings, lone_redis):
    settings.RATE_LIMITS_PER_MINUTE = {**settings.RATE_LIMITS_PER_MINUTE, "default": 40}
    lone_redis.stop()
    assert together(100).count(404) == 40


def test_without_redis_a_thousand_strangers_push_nobodys_count_out(lone_redis):
    lone_redis.stop()
    statuses(Client(REMOTE_ADDR="192.0.2.1"), PAGE, 3)
    for number in range(1000):
        cache.add(f"stranger-{number}", 1, 60)
    assert Client(REMOTE_ADDR="192.0.2.1").get(PAGE).status_code == 429


def _stop(own_redis):
    own_redis.stop()


def _evict(own_redis):
    with redis.Redis.from_url(own_redis.url) as client:
        client.flushdb()


@pytest.mark.parametrize("lose", [_stop, _evict], ids=["Redis stops", "Redis evicts the count"])
def test_a_count_lost_between_looking_and_counting_begins_anew(lone_redis, monkeypatch, lose):
    client = Client()
    assert client.get(PAGE).status_code == 404
    add, losses = FallbackRedisCache.add, [lose]

    def add_and_lose(*args, **kwargs):
        added = add(*args, **kwargs)
        while losses:
            losses.pop()(lone_redis)
        return added

    monkeypatch.setattr(FallbackRedisCache, "add", add_and_lose)
    assert statuses(client, PAGE, 4) == [404, 404, 404, 429]
