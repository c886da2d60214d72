"""Figures of bots: counted once each, whatever happens meanwhile, and shown on pages."""

import datetime as dt
import re

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from bots.analytics.read import activity_of, people_of
from bots.analytics.roll_up import roll_up
from bots.analytics.snapshot import MOST_SOURCES, count_people, refresh_snapshots
from bots.models import BotUser, Click, HourCount, PeopleSnapshot, RollUpMark
from bots.services.bots import create_bot
from bots.tasks import count_for_analytics
from bots.tests.updates import button, message, send
from common.jalali import TEHRAN

NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)  # 1405/09/01 11:30 in Tehran, a Sunday
TODAY = NOW.astimezone(TEHRAN).date()
Kind = HourCount.Kind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def other_bot(bot):
    return create_bot(candidate=bot.candidate, slug="tehran-2", name="Second bot", actor=None)


def moment(text: str) -> dt.datetime:
    """A moment on Tehran's clock."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=TEHRAN)


def arrive(bot, number, *, first, last=None, **fields) -> BotUser:
    return BotUser.objects.create(
        bot=bot, platform_user_id=number, first_seen_at=first, last_seen_at=last or first, **fields
    )


def click(person, at) -> Click:
    return Click.objects.create(bot=person.bot, bot_user=person, kind="start", occurred_at=at)


def figures(*bots, days=7):
    activity = activity_of([bot.pk for bot in bots], last=TODAY, days=days)
    return {kind.value: activity.by_day[kind] for kind in Kind}


def test_what_citizens_do_is_counted_by_day_and_hour_of_tehran(bot):
    person = arrive(bot, 7, first=moment("2026-11-21T23:59"))
    click(person, moment("2026-11-21T23:59"))
    click(person, moment("2026-11-22T00:00"))
    click(person, moment("2026-11-22T00:59"))
    roll_up()

    assert figures(bot, days=2) == {"person": (1, 0), "click": (1, 2), "message": (0, 0), "contribution": (0, 0)}
    by_hour = activity_of([bot.pk], last=TODAY, days=2).by_hour[Kind.CLICK]
    assert (by_hour[0], by_hour[23], sum(by_hour)) == (2, 1, 3)


def test_what_came_since_the_last_count_is_shown_at_once(bot):
    person = arrive(bot, 7, first=timezone.now())
    assert figures(bot)["person"][-1] == 1
    roll_up()
    click(person, timezone.now())

    assert figures(bot)["person"][-1] == 1
    assert figures(bot)["click"][-1] == 1


def test_counting_again_changes_nothing(bot):
    send(bot, button("contribute:idea"), message("درخت", date=int(NOW.timestamp())))
    count_for_analytics()
    before = figures(bot)

    assert count_for_analytics() == 0
    assert figures(bot) == before == {kind.value: (0,) * 6 + (1,) for kind in Kind}


def test_a_count_that_fails_leaves_nothing_behind(bot):
    click(arrive(bot, 7, first=timezone.now()), timezone.now())
    with transaction.atomic():
        roll_up()
        transaction.set_rollback(True)

    assert not HourCount.objects.exists()
    roll_up()
    assert figures(bot)["click"][-1] == 1


@settings(deadline=None, max_examples=30)  # the machine's other work isn't this test's business
@given(steps=st.lists(st.sampled_from(["click", "count"]), max_size=12))
def test_each_click_counts_once_wherever_the_counting_stands(steps):
    with time_machine.travel(NOW, tick=False), transaction.atomic():
        bot = create_bot(candidate=make_candidate(), slug="any", name="any", actor=None)
        person = arrive(bot, 7, first=timezone.now())
        for step in steps:
            if step == "click":
                click(person, timezone.now())
            else:
                roll_up()
            assert figures(bot)["click"][-1] == Click.objects.filter(bot=bot).count()
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_a_row_whose_number_was_drawn_early_and_committed_late_is_counted(bot):
    person = arrive(bot, 7, first=timezone.now())
    roll_up()
    slow = connection.copy()
    try:
        with slow.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(
                "INSERT INTO bots_click (bot_id, bot_user_id, kind, data, occurred_at)"
                " VALUES (%s, %s, 'start', '', %s)",
                [bot.pk, person.pk, timezone.now()],
            )
            click(person, timezone.now())  # a later number, committed earlier

            with time_machine.travel(NOW, tick=True):
                roll_up(wait_seconds=0.1)
            assert figures(bot)["click"][-1] == 1
            cursor.execute("COMMIT")
    finally:
        slow.close()

    roll_up()
    assert figures(bot)["click"][-1] == 2
    assert RollUpMark.objects.get(kind="click").last_id == Click.objects.latest("pk").pk


def test_the_command_counts_anew_from_what_is_there(bot, capsys):
    person = arrive(bot, 7, first=timezone.now(), city="tehran")
    click(person, timezone.now())
    roll_up()
    HourCount.objects.update(count=99)

    call_command("rebuild_analytics")

    assert figures(bot)["click"][-1] == 1
    assert PeopleSnapshot.objects.get().cities == {"tehran": 1}
    assert AuditLog.objects.get(action="bots.analytics.rebuild").details == {"hours": 2, "bots": 1}
    assert "2 hours of 1 bots" in capsys.readouterr().out


def test_people_are_counted_by_city_and_source_and_blocked(bot, other_bot):
    for number in range(3):
        arrive(bot, number, first=NOW, city="tehran", source="poster")
    arrive(other_bot, 9, first=NOW, city="", source="", is_blocked=True)
    assert people_of([bot.pk]).counted_at is None
    refresh_snapshots()

    together = people_of([bot.pk, other_bot.pk])

    assert (together.people, together.blocked) == (4, 1)
    assert together.cities == [("tehran", 3), ("", 1)]
    assert together.sources == [("poster", 3), ("", 1)]


def test_a_flood_of_sources_is_told_as_others(bot):
    for number in range(MOST_SOURCES + 5):
        arrive(bot, number, first=NOW, source=f"s{number}")
    count_people(bot.pk)

    sources = dict(people_of([bot.pk]).sources)

    assert (len(sources), sources[" "]) == (MOST_SOURCES + 1, 5)


def test_snapshots_are_made_anew_after_ten_minutes(bot, clock):
    assert refresh_snapshots() == 1
    assert refresh_snapshots() == 0
    clock.shift(601)
    assert refresh_snapshots() == 1


def test_cohorts_begin_on_saturday_and_tell_who_came_back(bot):
    saturday = moment("2026-11-07T00:00")
    arrive(bot, 1, first=saturday)
    arrive(bot, 2, first=saturday + dt.timedelta(days=6, hours=23), last=saturday + dt.timedelta(days=8))
    arrive(bot, 3, first=saturday, last=NOW)
    arrive(bot, 4, first=saturday - dt.timedelta(minutes=1))
    count_people(bot.pk)

    cohorts = {cohort.week: cohort for cohort in people_of([bot.pk]).cohorts}

    assert cohorts[dt.date(2026, 11, 7)].kept == (3, 2, 1)
    assert cohorts[dt.date(2026, 10, 31)].people == 1


def test_the_page_of_a_bot_shows_its_figures_with_a_table_each(bot, other_bot):
    person = arrive(bot, 7, first=NOW, city="isfahan", source="poster")
    click(person, NOW)
    arrive(other_bot, 8, first=NOW)
    count_for_analytics()
    client = sign_in(make_staff(Role.RELEASE_MANAGER))
    client.cookies["django_language"] = "en"

    page = client.get(f"/admin/bots/{bot.pk}/analytics?days=7").content.decode()

    assert page.count('role="img"') == page.count("<summary>As a table") == 9
    assert "<title>2026-11-22: 1</title>" in page
    assert re.search(r"Isfahan.*?<td class=\"number\">1</td>", page, re.DOTALL)
    assert "poster" in page
    assert "2026-11-21" in page


def test_the_page_of_a_candidate_adds_up_their_bots(bot, other_bot):
    arrive(bot, 7, first=NOW)
    arrive(other_bot, 8, first=NOW)
    client = sign_in(make_staff(Role.OWNER))

    response = client.get(f"/admin/bots/analytics/candidate/{bot.candidate_id}")

    assert response.context["charts"][0].figure == 2
    assert "Second bot" in response.content.decode()


def test_a_page_without_anybody_opens(bot):
    client = sign_in(make_staff(Role.OWNER))
    count_for_analytics()

    assert client.get(f"/admin/bots/{bot.pk}/analytics").status_code == 200


@pytest.mark.parametrize("path", ["{bot}/analytics", "analytics/candidate/{candidate}"])
def test_limited_staff_open_the_figures_of_their_candidates_only(path, bot):
    path = "/admin/bots/" + path.format(bot=bot.pk, candidate=bot.candidate_id)
    with_it = sign_in(make_staff(Role.OWNER, candidates=[bot.candidate]))
    without = sign_in(make_staff(Role.OWNER, candidates=[make_candidate("other")]))

    assert with_it.get(path).status_code == 200
    assert without.get(path).status_code == 404
    assert sign_in(make_staff()).get(path).status_code in (302, 403)
