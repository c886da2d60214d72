"""Writing, approving and beginning broadcasts."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import time_machine
from constance import config
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff
from audit.models import AuditLog
from bots.audience import audience_of
from bots.models import Bot, Broadcast, Contribution, Message, Poll, PollAnswer
from bots.services.bots import create_bot
from bots.services.broadcast_runs import start_broadcast, start_due_broadcasts, stop_broadcast
from bots.services.broadcasts import (
    BroadcastContent,
    Picture,
    approve_broadcast,
    create_broadcast,
    edit_broadcast,
    submit_broadcast,
    withdraw_broadcast,
)
from bots.tests.broadcasting import add_people, counts_agree, make_broadcast
from bots.tests.pictures import PNG
from common.errors import DomainError
from common.jalali import TEHRAN
from plans.models import Plan, Subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot(db) -> Bot:
    candidate = make_candidate("tehran")
    plan = Plan.objects.create(code="basic", name_fa="پایه", name_en="Basic", entitlements={"broadcasts": 2})
    Subscription.objects.create(candidate=candidate, plan=plan, price_rials=1)
    return create_bot(candidate=candidate, slug="tehran", name="Tehran", token="100:token", actor=None)


def content_of(bot, text="سلام", **more) -> BroadcastContent:
    return BroadcastContent(candidate=bot.candidate, bot=bot, title="News", text=text, **more)


def submitted(bot, *, author=None, **content) -> Broadcast:
    broadcast = make_broadcast(bot, actor=author, **content)
    return submit_broadcast(broadcast_id=broadcast.pk, actor=author)


def test_a_large_audience_waits_for_a_second_person(bot):
    config.BROADCAST_APPROVAL_PEOPLE = 2
    add_people(bot, range(1, 4))
    author, second = make_staff(Role.OWNER), make_staff(Role.RELEASE_MANAGER)
    broadcast = submitted(bot, author=author)
    assert broadcast.state == "awaiting"

    with pytest.raises(DomainError) as refusal:
        approve_broadcast(broadcast_id=broadcast.pk, seen_hash=broadcast.content_hash(), actor=author)
    assert refusal.value.code == "own-work"
    approved = approve_broadcast(broadcast_id=broadcast.pk, seen_hash=broadcast.content_hash(), actor=second)

    assert approved.state == "scheduled"
    assert start_broadcast(broadcast_id=broadcast.pk, actor=None).audience_count == 3
    row = AuditLog.objects.get(action="bots.broadcast.approved")
    assert (row.actor_id, row.object_id) == (second.pk, str(broadcast.pk))


def test_a_small_audience_needs_nobody_else(bot):
    config.BROADCAST_APPROVAL_PEOPLE = 3
    add_people(bot, range(1, 4))

    assert submitted(bot, author=make_staff(Role.OWNER)).state == "scheduled"


def test_edited_after_its_approval_it_must_be_approved_again(bot):
    config.BROADCAST_APPROVAL_PEOPLE = 0
    add_people(bot, [1])
    author, second = make_staff(Role.OWNER), make_staff(Role.OWNER)
    broadcast = submitted(bot, author=author)
    approve_broadcast(broadcast_id=broadcast.pk, seen_hash=broadcast.content_hash(), actor=second)

    edited = edit_broadcast(broadcast_id=broadcast.pk, content=content_of(bot, "سلام به همه"), actor=author)
    assert edited.state == "draft"
    again = submit_broadcast(broadcast_id=broadcast.pk, actor=author)

    assert again.state == "awaiting"


@pytest.mark.parametrize(
    "change",
    [
        {"text": "another"},
        {"buttons": [{"text": "a", "callback_data": "b"}]},
        {"filters": {"cities": ["tehran"]}},
        {"deadline": dt.datetime(2030, 1, 1, tzinfo=TEHRAN)},
        {"quiet_from": dt.time(1), "quiet_until": dt.time(2)},
        {"picture": Picture(PNG, "image/png")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_approval_is_of_everything_that_people_get(bot, change):
    broadcast = make_broadcast(bot)
    before = broadcast.content_hash()

    edit_broadcast(broadcast_id=broadcast.pk, content=content_of(bot, **change), actor=None)

    assert Broadcast.objects.get(pk=broadcast.pk).content_hash() != before


def test_what_grew_beyond_one_persons_size_since_is_not_begun(bot):
    config.BROADCAST_APPROVAL_PEOPLE = 2
    add_people(bot, [1, 2])
    broadcast = submitted(bot)
    add_people(bot, [3])

    assert start_due_broadcasts() == 0

    broadcast.refresh_from_db()
    assert (broadcast.state, broadcast.deliveries.count()) == ("awaiting", 0)
    assert "second person" in broadcast.state_reason or broadcast.state_reason


@pytest.mark.django_db(transaction=True)
def test_approving_against_editing_never_lets_out_what_nobody_approved(bot):
    config.BROADCAST_APPROVAL_PEOPLE = 0
    add_people(bot, [1])
    author, second = make_staff(Role.OWNER), make_staff(Role.OWNER)

    for number in range(6):
        broadcast = submitted(bot, author=author)
        seen = broadcast.content_hash()
        barrier = Barrier(2)

        def race(act, barrier=barrier):
            barrier.wait()
            try:
                act()
            except DomainError as error:
                return error.code
            finally:
                connection.close()
            return "done"

        acts = [
            lambda broadcast=broadcast, seen=seen: approve_broadcast(
                broadcast_id=broadcast.pk, seen_hash=seen, actor=second
            ),
            lambda broadcast=broadcast, number=number: edit_broadcast(
                broadcast_id=broadcast.pk, content=content_of(bot, f"edit {number}"), actor=author
            ),
        ]
        with ThreadPoolExecutor(2) as threads:
            outcomes = list(threads.map(race, acts))

        broadcast.refresh_from_db()
        assert outcomes[1] == "done"
        assert outcomes[0] in ("done", "changed-since", "wrong-state")
        assert broadcast.state == "draft"


def test_the_plans_broadcasts_of_a_month_are_counted_from_its_first_day(bot):
    add_people(bot, [1])
    with time_machine.travel(dt.datetime(2026, 4, 20, 23, 59, tzinfo=TEHRAN)):  # the last of Farvardin
        for _number in range(2):
            start_broadcast(broadcast_id=submitted(bot).pk, actor=None)
        with pytest.raises(DomainError) as refusal:
            submitted(bot)
        assert refusal.value.code == "plan-limit"
    with time_machine.travel(dt.datetime(2026, 4, 21, 0, 1, tzinfo=TEHRAN)):  # the first of Ordibehesht
        start_broadcast(broadcast_id=submitted(bot).pk, actor=None)


def test_without_a_running_plan_nothing_goes_out_and_the_reason_is_told(bot):
    add_people(bot, [1])
    broadcast = submitted(bot)
    Subscription.objects.update(ended_at=timezone.now())

    start_due_broadcasts()

    broadcast.refresh_from_db()
    assert broadcast.state == "draft"
    assert broadcast.state_reason


def test_the_audience_is_narrowed_by_what_people_are_and_did(bot):
    now = timezone.now()
    old = dt.timedelta(days=30)
    tehran, isfahan, voter, writer = (
        *add_people(bot, [1], city="tehran", source="poster", language_code="fa"),
        *add_people(bot, [2], city="isfahan", language_code="en"),
        *add_people(bot, [3]),
        *add_people(bot, [4]),
    )
    isfahan.last_seen_at = now - old
    isfahan.save()
    poll = Poll.objects.create(bot=bot, question="?")
    PollAnswer.objects.create(poll=poll, bot_user=voter, option_positions=[0], answered_at=now)
    PollAnswer.objects.create(poll=poll, bot_user=writer, option_positions=[], answered_at=now)
    message = Message.objects.create(bot=bot, bot_user=writer, kind="text", occurred_at=now)
    Contribution.objects.create(bot=bot, bot_user=writer, message=message, kind="idea", text="x", occurred_at=now)

    def found(**filters):
        draft = Broadcast(candidate=bot.candidate, bot=bot, filters=filters)
        return set(audience_of(draft).values_list("platform_user_id", flat=True))

    assert found() == {1, 2, 3, 4}
    assert found(cities=["tehran", "isfahan"]) == {1, 2}
    assert found(sources=["poster"]) == {tehran.platform_user_id}
    assert found(languages=["en"]) == {2}
    assert found(active_since=(now - old / 2).date().isoformat()) == {1, 3, 4}
    assert found(has_voted=True) == {3}
    assert found(has_voted=False) == {1, 2, 4}
    assert found(has_contributed=True) == {4}
    assert found(has_contributed=False, cities=["tehran"]) == {1}


def test_who_comes_after_the_beginning_does_not_get_it(bot):
    add_people(bot, [1])
    broadcast = start_broadcast(broadcast_id=submitted(bot).pk, actor=None)

    add_people(bot, [2])

    assert broadcast.deliveries.count() == broadcast.audience_count == 1


def test_what_is_being_sent_cannot_be_edited_or_begun_twice(bot):
    add_people(bot, [1])
    broadcast = start_broadcast(broadcast_id=submitted(bot).pk, actor=None)

    for act in (
        lambda: edit_broadcast(broadcast_id=broadcast.pk, content=content_of(bot), actor=None),
        lambda: start_broadcast(broadcast_id=broadcast.pk, actor=None),
        lambda: withdraw_broadcast(broadcast_id=broadcast.pk, actor=None),
    ):
        with pytest.raises(DomainError) as refusal:
            act()
        assert refusal.value.code == "wrong-state"


def test_below_a_picture_there_is_less_room(bot):
    with pytest.raises(DomainError) as refusal:
        make_broadcast(bot, text="س" * 1025, picture=Picture(PNG, "image/png"))

    assert refusal.value.code == "broadcast-invalid"


def test_a_bot_of_another_candidate_is_refused(bot):
    other = make_candidate("isfahan")
    content = BroadcastContent(candidate=other, bot=bot, title="News", text="x")

    with pytest.raises(DomainError) as refusal:
        create_broadcast(content=content, actor=None)

    assert refusal.value.code == "broadcast-invalid"


def test_limited_staff_neither_write_nor_stop_broadcasts_of_other_candidates(bot):
    add_people(bot, [1])
    broadcast = start_broadcast(broadcast_id=submitted(bot).pk, actor=None)
    limited = make_staff(Role.OWNER, candidates=[make_candidate("isfahan")])

    with pytest.raises(DomainError) as stopping:
        stop_broadcast(broadcast_id=broadcast.pk, actor=limited)
    with pytest.raises(DomainError) as writing:
        create_broadcast(content=content_of(bot), actor=limited)

    assert (stopping.value.code, writing.value.code) == ("broadcast-not-found", "not-allowed")


def test_operators_list_pause_resume_and_stop_at_night(bot, capsys):
    add_people(bot, [1, 2])
    broadcast = start_broadcast(broadcast_id=submitted(bot).pk, actor=None)

    call_command("broadcasts", "pause", str(broadcast.pk), "--reason", "wrong text")
    call_command("broadcasts", "list", "--running")
    assert "paused" in capsys.readouterr().out
    call_command("broadcasts", "resume", str(broadcast.pk))
    call_command("broadcasts", "stop", str(broadcast.pk))

    assert counts_agree(broadcast)
    assert (broadcast.state, broadcast.left_out_count) == ("stopped", 2)
    with pytest.raises(CommandError, match="stopped"):
        call_command("broadcasts", "resume", str(broadcast.pk))
    with pytest.raises(CommandError, match="no such"):
        call_command("broadcasts", "stop", "999999")
