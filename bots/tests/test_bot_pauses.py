"""A bot pauses when its candidate's plan has ended, keeps what citizens write, and goes on with a new plan."""

import datetime as dt
import threading

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from accounts.models import Candidate
from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from audit.models import AuditLog
from bots.models import Bot, Broadcast, Message
from bots.projection.worker import project_inbox
from bots.services.broadcast_runs import resume_broadcast
from bots.services.pauses import follow_plans_of
from bots.tasks import follow_plans
from bots.tests.broadcasting import add_people, begin, chats_reached, make_bot, send_all, states
from bots.tests.updates import message, send
from common.errors import DomainError
from common.jalali import format_local
from plans.models import Subscription
from plans.services import end_subscription, subscribe
from plans.testing import make_plan

ONE_DAY = dt.timedelta(days=1)


def is_paused(bot):
    bot.refresh_from_db()
    return bot.paused_at is not None


def sell(candidate, code="basic"):
    return subscribe(candidate=candidate, plan_code=code, actor=None)


def end(subscription):
    return end_subscription(subscription_id=subscription.pk, reason="over", actor=None)


@pytest.fixture
def owner(db):
    client = sign_in(make_staff(Role.OWNER))
    client.cookies["django_language"] = "en"
    return client


@pytest.mark.django_db(transaction=True)
def test_a_bot_pauses_as_soon_as_its_plan_ends_and_goes_on_with_a_new_one(bot, owner):
    make_plan()
    subscription = sell(bot.candidate)
    assert not is_paused(bot)
    page = reverse("plans:end-subscription", args=[subscription.pk])
    owner.post(page, {"reason": "not paid"})
    subscription.refresh_from_db()
    assert subscription.ended_at is not None
    assert is_paused(bot)
    sell(bot.candidate)
    assert not is_paused(bot)
    acts = AuditLog.objects.filter(action__in=["bots.bot.paused", "bots.bot.resumed"]).order_by("pk")
    assert [(row.action, row.actor_id) for row in acts] == [("bots.bot.paused", None), ("bots.bot.resumed", None)]


@pytest.mark.django_db
def test_what_is_rolled_back_pauses_nothing(bot, django_capture_on_commit_callbacks):
    make_plan()
    subscription = sell(bot.candidate)
    with django_capture_on_commit_callbacks() as callbacks:
        end(subscription)
    assert len(callbacks) == 1
    assert not is_paused(bot)


@pytest.mark.django_db
def test_the_scheduled_look_catches_up_with_what_was_missed(bot):
    make_plan()
    subscription = sell(bot.candidate)
    assert follow_plans() == 0
    end(subscription)
    assert [follow_plans(), follow_plans()] == [1, 0]
    assert is_paused(bot)


@pytest.mark.django_db
def test_a_bot_works_without_a_plan_for_as_long_as_the_system_settings_say(bot):
    for day, paused in ((29, False), (31, True)):
        with time_machine.travel(bot.created_at + day * ONE_DAY):
            follow_plans()
            assert is_paused(bot) is paused
    call_command("constance", "set", "BOT_TRIAL_DAYS", "60")
    with time_machine.travel(bot.created_at + 31 * ONE_DAY):
        assert follow_plans() == 1
        assert not is_paused(bot)


@pytest.mark.django_db
def test_the_days_of_grace_are_a_system_setting(bot):
    call_command("constance", "set", "PLAN_GRACE_DAYS", "3")
    make_plan()
    ended = end(sell(bot.candidate)).ended_at
    for hours, paused in ((71, False), (73, True)):
        with time_machine.travel(ended + dt.timedelta(hours=hours)):
            follow_plans()
            assert is_paused(bot) is paused


@pytest.mark.django_db
def test_staff_see_when_a_bot_without_a_plan_will_pause(bot, owner):
    page = reverse("bots-staff:care", args=[bot.pk])
    with override("en"):
        until = format_local(bot.created_at + 30 * ONE_DAY)
    told = owner.get(page).content.decode()
    assert "Without a plan the bot pauses at" in told
    assert until in told
    make_plan()
    sell(bot.candidate)
    assert "Without a plan" not in owner.get(page).content.decode()


@pytest.mark.django_db
def test_a_paused_bot_keeps_what_citizens_send(bot):
    Bot.objects.update(paused_at=timezone.now())
    send(bot, message("/start"), message("it is kept"))
    project_inbox()
    assert list(Message.objects.order_by("pk").values_list("text", flat=True)) == ["/start", "it is kept"]


@pytest.mark.django_db
def test_staff_see_on_page_and_list_that_a_bot_is_paused_and_why(bot, owner):
    make_plan()
    end(sell(bot.candidate))
    follow_plans()
    words = "Paused: the candidate has no running plan."
    assert words in owner.get(reverse("admin:bots_bot_changelist")).content.decode()
    assert words in owner.get(reverse("admin:bots_bot_change", args=[bot.pk])).content.decode()
    page = owner.get(reverse("bots-staff:care", args=[bot.pk])).content.decode()
    assert words in page
    assert "What citizens send is kept" in page


@pytest.mark.django_db(transaction=True)
def test_a_broadcast_of_a_paused_bot_waits_until_staff_resume_it(telegram):
    bot = make_bot(telegram)
    make_plan()
    add_people(bot, range(1, 6), telegram)
    broadcast = begin(bot)
    end(Subscription.objects.get())
    send_all()
    broadcast.refresh_from_db()
    assert (broadcast.state, states(broadcast)) == (Broadcast.State.PAUSED, {"queued": 5})
    assert bot.slug in broadcast.state_reason
    with pytest.raises(DomainError) as refusal:
        resume_broadcast(broadcast_id=broadcast.pk, actor=None)
    assert refusal.value.code == "bot-paused"
    with pytest.raises(CommandError):
        call_command("broadcasts", "resume", str(broadcast.pk))
    sell(bot.candidate)
    send_all()
    assert chats_reached(telegram) == []
    resume_broadcast(broadcast_id=broadcast.pk, actor=None)
    send_all()
    assert sorted(chats_reached(telegram)) == [1, 2, 3, 4, 5]


@pytest.mark.django_db(transaction=True)
def test_bots_end_as_the_last_purchase_says_however_many_look_at_once(bot):
    make_plan()
    for _round in range(5):
        subscription = sell(bot.candidate)
        looks = [threading.Thread(target=look, args=[bot.candidate_id]) for _look in range(4)]
        looks.insert(2, threading.Thread(target=end_in_thread, args=[subscription]))
        for thread in looks:
            thread.start()
        for thread in looks:
            thread.join()
        assert is_paused(bot)


def look(candidate_id):
    follow_plans_of(candidate_id=candidate_id)
    connection.close()


def end_in_thread(subscription):
    end(subscription)
    connection.close()


@pytest.mark.django_db
def test_a_new_bot_of_a_candidate_whose_plan_has_ended_pauses_too(bot):
    make_plan()
    end(sell(bot.candidate))
    other = Bot.objects.create(candidate=Candidate.objects.get(), slug="second", name="second")
    assert follow_plans() == 2
    assert is_paused(other)
