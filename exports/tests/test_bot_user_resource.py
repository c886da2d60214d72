import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from bots.models import BotUser
from exports.resources import BotUserResource
from exports.resources.bot_user import LEFT_OUT
from exports.resources.columns import jalali
from exports.tests.samples import SEEN, make_bot, make_person


def rows_of(resource: BotUserResource, people=None) -> list[dict[str, object]]:
    queryset = resource.narrow(BotUser.objects.order_by("pk") if people is None else people)
    names = resource.get_export_order()
    return [dict(zip(names, cells, strict=True)) for cells in resource.rows(queryset.iterator())]


def test_every_field_of_a_bot_user_is_exported_or_left_out_with_a_reason():
    read = {field.attribute.partition("__")[0] for field in BotUserResource(with_phones=True).get_export_fields()}
    fields = {field.name for field in BotUser._meta.concrete_fields}
    assert fields == read | set(LEFT_OUT)
    assert not read & set(LEFT_OUT)
    assert all(LEFT_OUT.values())


def test_headings_are_in_the_language_of_now():
    with translation.override("en"):
        english = [heading.text for heading in BotUserResource(with_phones=True).headings()]
    with translation.override("fa"):
        persian = [heading.text for heading in BotUserResource(with_phones=True).headings()]
    assert english[:3] == ["Platform's user number", "First name", "Last name"]
    assert all(any("\u0600" <= letter <= "\u06ff" for letter in heading) for heading in persian), persian
    assert len(set(persian)) == len(set(english)) == len(english)


def test_phones_are_a_column_only_where_asked_for():
    assert "phone" in BotUserResource(with_phones=True).get_export_order()
    assert "phone" not in BotUserResource(with_phones=False).get_export_order()


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (dt.datetime(2025, 11, 22, 11, 0, tzinfo=dt.UTC), "1404/09/01 14:30"),
        # 1403 is a leap year: its last day is 30 Esfand, until 20:30 UTC.
        (dt.datetime(2025, 3, 20, 20, 29, tzinfo=dt.UTC), "1403/12/30 23:59"),
        (dt.datetime(2025, 3, 20, 20, 30, tzinfo=dt.UTC), "1404/01/01 00:00"),
        # Iran kept daylight saving time until 2022.
        (dt.datetime(2022, 6, 1, 0, 0, tzinfo=dt.UTC), "1401/03/11 04:30"),
    ],
)
def test_jalali_moments_are_tehrans(moment, expected):
    assert jalali(moment) == expected


@pytest.mark.django_db
def test_a_person_becomes_a_row_of_native_values():
    bot = make_bot(city="isfahan")
    make_person(
        bot, 7, first_name="علی", username="ali", language_code="fa", phone="+989127005026", city="isfahan",
        source="poster", is_blocked=True, click_count=3, message_count=4,
    )  # fmt: skip
    with translation.override("en"):
        (row,) = rows_of(BotUserResource(with_phones=True))
    assert row == {
        "platform_user_id": "7", "first_name": "علی", "last_name": "", "username": "ali", "language_code": "fa",
        "phone": "+989127005026", "city": "Isfahan", "source": "poster", "is_blocked": "yes", "click_count": 3,
        "message_count": 4, "first_seen": "1404/09/01 14:30", "first_seen_at": SEEN, "last_seen": "1404/09/01 14:30",
        "last_seen_at": SEEN, "bot": "Bot tehran-1", "bot_slug": "tehran-1", "candidate": "Candidate of tehran-1",
        "region": "Isfahan",
    }  # fmt: skip


@pytest.mark.django_db
def test_an_undeclared_city_keeps_its_code():
    make_person(make_bot(), 1, city="atlantis")
    assert rows_of(BotUserResource(with_phones=False))[0]["city"] == "atlantis"


@pytest.mark.django_db
def test_rows_come_from_one_query_that_loads_no_secret():
    bot = make_bot()
    for number in range(3):
        make_person(bot, number, phone="0912")
    with CaptureQueriesContext(
        connection,
    ) as captured:
        # The admin's own list defers the phone; it must not come back as a query for each row.
        rows_of(BotUserResource(with_phones=True), BotUser.objects.defer("phone"))
        rows_of(BotUserResource(with_phones=False))
    with_phones, without = (query["sql"] for query in captured.captured_queries if "bots_botuser" in query["sql"])
    assert '"bots_botuser"."phone"' in with_phones
    for sql in (with_phones.replace('"bots_botuser"."phone"', ""), without):
        assert not any(word in sql for word in ("phone", "token", "secret", "email"))
