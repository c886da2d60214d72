"""The number of rows before an export begins: exact where that is quick, else an estimate that says so."""

import pytest
from django.db import connection, transaction

from exports import counting
from exports.counting import RowCount, count_all, count_rows
from exports.datasets.bot_users import BotUsersDataset
from exports.tests.runs import make_many_people, wish_for_people
from exports.tests.samples import make_bot

pytestmark = pytest.mark.django_db


@pytest.fixture
def slow(monkeypatch):
    """Counting people takes longer than anybody waits."""

    def count(_dataset, _wish):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(60)")

    monkeypatch.setattr(BotUsersDataset, "count", count)
    monkeypatch.setattr(counting, "COUNT_SECONDS", 0.05)


@pytest.fixture
def people():
    make_many_people(make_bot(), 300)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE bots_botuser")


def time_limit() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return str(cursor.fetchone()[0])


def test_what_is_counted_quickly_is_exact(people):
    assert count_rows(wish_for_people(None)) == RowCount(300, is_exact=True)
    assert count_rows(wish_for_people(None, filters={"city": "isfahan"})).rows == 0


def test_what_takes_long_is_estimated(people, slow):
    count = count_rows(wish_for_people(None))

    assert not count.is_exact
    assert count.rows == pytest.approx(300, rel=0.1)


def test_several_wishes_take_no_longer_than_one(people, slow):
    count = count_all([wish_for_people(None)] * 50)

    assert not count.is_exact
    assert count.rows == pytest.approx(50 * 300, rel=0.1)


def test_the_time_limit_ends_with_the_count(people, slow):
    with transaction.atomic():
        before = time_limit()
        count_rows(wish_for_people(None))
        assert time_limit() == before
