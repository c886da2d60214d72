"""A hundred guesses at once, in real threads on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from accounts.testing import PASSWORD, make_staff
from accounts.tests.guesses import CountedHashes, guess
from audit.models import AuditLog

# As many at a time as PostgreSQL has connections for, each thread with a connection of its own.
GUESSES, THREADS = 100, 25

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _real_bcrypt(settings) -> None:
    settings.PASSWORD_HASHERS = ["accounts.tests.guesses.CountingBcrypt"]
    make_staff(username="sara")
    CountedHashes.passwords.clear()


def at_once(username: str, *, addresses: list[str], right_one: int | None = None) -> list[int]:
    """The statuses that so many simultaneous guesses get, one from each address."""
    start = Barrier(THREADS)

    def attempt(number: int) -> int:
        try:
            if number < THREADS:
                start.wait()
            password = PASSWORD if number == right_one else f"Guess, number {number}"
            return int(guess(username, password, address=addresses[number]).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(attempt, range(len(addresses))))


@pytest.mark.parametrize("username", ["sara", "nobody"])
def test_of_a_hundred_guesses_at_once_five_are_looked_at(username: str) -> None:
    statuses = at_once(username, addresses=["198.51.100.7"] * GUESSES)

    assert len(CountedHashes.passwords) == 5
    assert statuses.count(429) == GUESSES - 4
    assert AuditLog.objects.filter(action="accounts.sign_in.lock").count() == 1


def test_of_a_hundred_guesses_from_as_many_addresses_fifty_are_looked_at() -> None:
    statuses = at_once("sara", addresses=[f"198.51.100.{number}" for number in range(GUESSES)])

    assert len(CountedHashes.passwords) == 50
    assert statuses.count(429) == GUESSES - 49
    assert AuditLog.objects.filter(action="accounts.sign_in.lock").count() == 1


def test_the_right_password_after_the_fifth_guess_is_of_no_use() -> None:
    statuses = at_once("sara", addresses=["198.51.100.7"] * GUESSES, right_one=GUESSES - 1)

    assert PASSWORD not in CountedHashes.passwords
    assert statuses[-1] == 429
