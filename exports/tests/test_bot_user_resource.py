import io

import pytest
from django.utils import translation

from bots.models import BotUser
from exports.engine import SheetSource, write_export
from exports.resources import BotUserResource
from exports.tests.samples import make_bot, make_person, read_csv


def rows_of(*columns: str, people=None) -> list[dict[str, str]]:
    file = io.BytesIO()
    queryset = BotUser.objects.order_by("pk") if people is None else people
    sheet = SheetSource("People", BotUserResource(), queryset, columns)
    write_export(sheets=[sheet], format="csv", file=file, language="en")
    names = [name for name, _column in BotUserResource().columns(columns)]
    return [dict(zip(names, row, strict=True)) for row in read_csv(file.getvalue())[1:]]


def test_headings_are_in_the_language_of_now():
    with translation.override("en"):
        english = [column.heading for _name, column in BotUserResource().columns()]
    with translation.override("fa"):
        persian = [column.heading for _name, column in BotUserResource().columns()]
    assert english[:3] == ["Platform's user number", "First name", "Last name"]
    assert all(any("\u0600" <= letter <= "\u06ff" for letter in heading) for heading in persian), persian
    assert len(set(persian)) == len(set(english)) == len(english)


@pytest.mark.django_db
def test_a_person_becomes_a_row():
    bot = make_bot(city="isfahan")
    make_person(
        bot, 7, first_name="علی", username="ali", language_code="fa", phone="+989127005026", city="isfahan",
        source="poster", is_blocked=True, click_count=3, message_count=4,
    )  # fmt: skip
    (row,) = rows_of()
    assert row == {
        "platform_user_id": "7", "first_name": "علی", "last_name": "", "username": "ali", "language_code": "fa",
        "phone": "'+989127005026", "city": "Isfahan", "source": "poster", "is_blocked": "yes", "click_count": "3",
        "message_count": "4", "first_seen": "1404/09/01 14:30", "first_seen_at": "2025-11-22T14:30:05+03:30",
        "last_seen": "1404/09/01 14:30", "last_seen_at": "2025-11-22T14:30:05+03:30", "bot": "Bot tehran-1",
        "bot_slug": "tehran-1", "candidate": "Candidate of tehran-1", "region": "Isfahan",
    }  # fmt: skip


@pytest.mark.django_db
def test_an_undeclared_city_keeps_its_code():
    make_person(make_bot(), 1, city="atlantis")
    assert rows_of()[0]["city"] == "atlantis"


def test_phones_are_read_only_where_they_are_chosen():
    def sql_of(*columns: str) -> str:
        # The admin's own list defers the phone.
        return str(BotUserResource().select(BotUser.objects.defer("phone"), columns).query)

    assert '"bots_botuser"."phone"' in sql_of("phone", "first_name")
    for sql in (sql_of("phone", "first_name").replace('"bots_botuser"."phone"', ""), sql_of("first_name", "bot")):
        assert not any(word in sql for word in ("phone", "token", "secret", "email"))
