"""Too many failed sign-ins lock: the pair of name and address after five, the name alone after fifty."""

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.test import Client
from django_celery_beat.models import PeriodicTask

from accounts import tasks
from accounts.models import SignInGuard
from accounts.services import forget_outdated_guards
from accounts.testing import PASSWORD, make_staff
from accounts.tests.guesses import PAGE, WRONG, CountedHashes, guess
from audit.models import AuditLog
from common.testing.database import whole_database

NOW = dt.datetime(2025, 11, 22, 11, 0, 0, tzinfo=dt.UTC)
MINUTE = 60

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def guess_times(count: int, username: str = "sara", **how: str) -> list[int]:
    return [guess(username, **how).status_code for _number in range(count)]


def guess_from_everywhere(count: int, username: str = "sara") -> list[int]:
    """One guess each from so many networks."""
    return [guess(username, address=f"203.0.113.{number}").status_code for number in range(count)]


def test_the_fifth_failure_locks_for_fifteen_minutes_and_the_page_says_until_when(clock) -> None:
    make_staff(username="sara")

    assert guess_times(4) == [200] * 4
    fifth, sixth = guess("sara"), guess("sara", PASSWORD)

    for response in (fifth, sixth):
        assert (response.status_code, response["Retry-After"]) == (429, "900")
        assert "Try again in 15 minutes, at 2025-11-22 14:45 Tehran time." in response.content.decode()
        assert "_auth_user_id" not in response.client.session
    assert "1404/09/01 14:45" in guess("sara", language="fa").content.decode()


def test_the_lock_ends_fifteen_minutes_after_the_fifth_failure_whatever_was_tried_meanwhile(clock) -> None:
    make_staff(username="sara")
    guess_times(5)
    clock.shift(14 * MINUTE)
    assert guess("sara", PASSWORD)["Retry-After"] == "60"
    assert guess_times(20) == [429] * 20
    clock.shift(59)
    assert guess("sara", PASSWORD)["Retry-After"] == "1"

    clock.shift(1)

    assert guess("sara", PASSWORD).status_code == 302


def test_after_a_lock_there_are_five_attempts_again(clock) -> None:
    guess_times(6)
    clock.shift(15 * MINUTE)

    assert guess_times(6) == [200] * 4 + [429] * 2


def test_failures_are_forgotten_after_fifteen_minutes_of_quiet_not_before(clock) -> None:
    guess_times(4)
    clock.shift(14 * MINUTE)
    assert guess_times(1) == [429]

    guess_times(4, "mina")
    clock.shift(15 * MINUTE)
    assert guess_times(1, "mina") == [200]


def test_a_success_forgets_the_failures(clock) -> None:
    make_staff(username="sara")
    guess_times(4)

    assert guess("sara", PASSWORD).status_code == 302
    assert guess_times(5) == [200] * 4 + [429]


def test_successes_lock_nobody_out_however_many(clock) -> None:
    make_staff(username="sara")

    assert guess_times(60, password=PASSWORD) == [302] * 60


def test_a_lock_holds_for_one_name_from_one_address_only(clock) -> None:
    make_staff(username="sara")
    make_staff(username="mina")
    guess_times(5)

    assert guess("mina", PASSWORD).status_code == 302
    assert guess("sara", PASSWORD, address="203.0.113.9").status_code == 302
    assert guess("sara", PASSWORD).status_code == 429


def test_the_addresses_of_one_ipv6_network_count_together(clock) -> None:
    guess_times(5, address="2001:db8::1")

    assert guess("sara", address="2001:db8::ffff:2").status_code == 429
    assert guess("sara", address="2001:db8:0:1::1").status_code == 200


def test_behind_a_proxy_the_clients_own_address_counts(clock, settings) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    forged = "198.51.100.{}, 203.0.113.5"

    def through_proxy(forwarded: str) -> int:
        headers = {"x-forwarded-for": forwarded}
        return Client(headers=headers).post(PAGE, {"username": "sara", "password": WRONG}).status_code

    assert [through_proxy(forged.format(number)) for number in range(6)] == [200] * 4 + [429] * 2
    assert through_proxy("198.51.100.1, 203.0.113.6") == 200


def test_fifty_failures_in_an_hour_from_anywhere_lock_the_name_everywhere(clock) -> None:
    make_staff(username="sara")

    assert guess_from_everywhere(50) == [200] * 49 + [429]
    clock.shift(5 * MINUTE)
    refused = guess("sara", PASSWORD, address="192.0.2.1")
    assert (refused.status_code, refused["Retry-After"]) == (429, "600")
    clock.shift(10 * MINUTE)
    assert guess("sara", PASSWORD, address="192.0.2.1").status_code == 302


def test_one_network_alone_never_locks_a_name_out_elsewhere(clock) -> None:
    make_staff(username="sara")
    for _quarter in range(12):
        assert guess_times(6) == [200] * 4 + [429] * 2
        clock.shift(15 * MINUTE)

    assert guess("sara", PASSWORD, address="192.0.2.1").status_code == 302


def test_an_unknown_name_is_answered_exactly_as_a_known_one(clock) -> None:
    make_staff(username="sara")

    for _number in range(7):
        known, unknown = guess("sara"), guess("nobody")
        assert known.status_code == unknown.status_code
        assert known.get("Retry-After") == unknown.get("Retry-After")
        assert visible(known, "sara") == visible(unknown, "nobody")


def visible(response: Any, name: str) -> str:
    """The page without the typed name and what is random in it."""
    text = response.content.decode().replace(name, "")
    return re.sub(r'(name="csrfmiddlewaretoken" value|nonce)="[^"]+"', "", text)


def test_an_unknown_name_costs_as_much_time_as_a_known_one(clock, settings) -> None:
    settings.PASSWORD_HASHERS = ["accounts.tests.guesses.CountingMd5"]
    make_staff(username="sara")
    CountedHashes.passwords.clear()

    guess("sara")
    guess("nobody")

    assert CountedHashes.passwords == [WRONG, WRONG]


def test_nothing_is_looked_at_while_the_lock_holds(clock, settings) -> None:
    settings.PASSWORD_HASHERS = ["accounts.tests.guesses.CountingMd5"]
    make_staff(username="sara")
    guess_times(5)
    CountedHashes.passwords.clear()

    guess("sara", PASSWORD)

    assert CountedHashes.passwords == []


def test_an_overlong_password_is_refused_with_words_and_never_looked_at(settings) -> None:
    settings.PASSWORD_HASHERS = ["accounts.tests.guesses.CountingMd5"]
    make_staff(username="sara")
    CountedHashes.passwords.clear()

    response = guess("sara", "x" * 1_000_000)

    assert "at most 128 characters" in response.content.decode()
    assert CountedHashes.passwords == []


def test_a_lock_is_audited_once_with_its_guard_and_refused_attempts_as_locked(clock) -> None:
    user = make_staff(username="sara")
    guess_times(8)

    row = AuditLog.objects.get(action="accounts.sign_in.lock")
    assert (row.object_id, row.actor_id, row.address) == (str(user.pk), None, "198.51.100.7")
    assert row.details == {
        "guard": "pair",
        "network": "198.51.100.7/32",
        "failures": 5,
        "until": "2025-11-22T11:15:00+00:00",
    }
    refusals = AuditLog.objects.filter(action="accounts.session.refused").order_by("id")
    assert [row.details.get("locked", False) for row in refusals] == [False] * 5 + [True] * 3


def test_the_lock_of_a_name_is_audited_once(clock) -> None:
    guess_from_everywhere(55)

    row = AuditLog.objects.get(action="accounts.sign_in.lock")
    assert (row.details["guard"], row.details["network"], row.details["failures"]) == ("name", "", 50)


def test_what_was_typed_stands_in_no_table(clock) -> None:
    make_staff(username="sara")
    guess_times(6, "typed-my-secret-here")
    guess_times(6)

    text = whole_database()

    assert "accounts.sign_in.lock" in text
    assert "typed-my-secret-here" not in text
    assert WRONG not in text


def test_it_holds_while_redis_is_away(clock, settings) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "unix:///tmp/no-such-redis.sock"}}
    make_staff(username="sara")

    assert guess_times(6) == [200] * 4 + [429] * 2


def test_counts_and_locks_that_have_ended_are_deleted(clock) -> None:
    guess_times(5)
    guess_times(1, "mina")
    assert forget_outdated_guards() == 0
    clock.shift(15 * MINUTE)
    assert forget_outdated_guards() == 2
    assert set(SignInGuard.objects.values_list("guard", flat=True)) == {"name"}
    clock.shift(45 * MINUTE)

    assert forget_outdated_guards() == 2
    assert not SignInGuard.objects.exists()


def test_beat_deletes_them_each_hour() -> None:
    interval = PeriodicTask.objects.get(task=tasks.forget_outdated_guards.name).interval

    assert (interval.every, interval.period) == (1, "hours")
    assert tasks.forget_outdated_guards() == 0
