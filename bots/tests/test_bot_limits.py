"""What a plan allows is shown beside what is used; data of citizens are kept whatever it allows."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from bots.audience import audience_of
from bots.models import BotUser
from bots.services.bots import create_bot
from bots.tests.broadcasting import add_people, begin, chats_reached, make_broadcast, send_all
from bots.tests.updates import message, send
from common.errors import DomainError
from plans.models import Plan, Subscription

TOKEN = "100:broadcasts"


@pytest.fixture
def plan(bot):
    plan = Plan.objects.create(
        code="small", name_fa="کوچک", name_en="Small", entitlements={"people": 3, "bots": 2, "broadcasts": 1}
    )
    Subscription.objects.create(candidate=bot.candidate, plan=plan, price_rials=1)
    return plan


@pytest.fixture
def owner(db):
    client = sign_in(make_staff(Role.OWNER))
    client.cookies["django_language"] = "en"
    return client


def limits_on(client, bot):
    context = client.get(reverse("bots-staff:care", args=[bot.pk])).context
    return {limit.name: (limit.used, limit.allowed) for limit in context["limits"]}, context["beyond"]


@pytest.mark.django_db
def test_a_bots_page_shows_what_is_used_of_what_the_plan_allows(bot, plan, owner):
    add_people(bot, range(3))
    assert limits_on(owner, bot) == ({"people": (3, 3), "bots": (1, 2), "broadcasts": (0, 1)}, "")


@pytest.mark.django_db
def test_without_a_plan_nothing_is_limited_and_that_is_said(bot, owner):
    assert limits_on(owner, bot) == ({"people": (0, None), "bots": (1, None), "broadcasts": (0, None)}, "")
    assert "no running plan" in owner.get(reverse("bots-staff:care", args=[bot.pk])).content.decode()


@pytest.mark.django_db
def test_people_beyond_the_plan_are_kept_and_staff_are_told(bot, plan, owner):
    send(bot, *(message("hello", number=number) for number in range(1, 6)))
    assert BotUser.objects.count() == 5
    numbers, words = limits_on(owner, bot)
    assert numbers["people"] == (5, 3)
    assert "All data are kept" in words
    assert "a broadcast reaches 3 at most" in words


@pytest.mark.django_db(transaction=True)
def test_a_broadcast_reaches_those_who_came_first_up_to_the_plan(telegram, settings):
    bot = create_bot(candidate=make_candidate("x"), slug="x", name="x", token=TOKEN, api_root=telegram.root, actor=None)
    plan = Plan.objects.create(code="small", name_fa="x", name_en="x", entitlements={"people": 3, "broadcasts": 1})
    Subscription.objects.create(candidate=bot.candidate, plan=plan, price_rials=1)
    add_people(bot, [50, 40, 30, 20, 10], telegram)
    assert audience_of(make_broadcast(bot)).count() == 3
    broadcast = begin(bot)
    assert broadcast.audience_count == 3
    send_all()
    assert sorted(chats_reached(telegram)) == [30, 40, 50]


@pytest.mark.django_db
def test_as_many_people_as_the_plan_allows_are_all_reached(bot, plan):
    bot.token = TOKEN
    bot.save()
    add_people(bot, range(3))
    assert audience_of(make_broadcast(bot)).count() == 3


@pytest.mark.django_db
def test_whoever_writes_a_broadcast_is_told_that_not_all_get_it(bot, plan, owner):
    bot.token = TOKEN
    bot.save()
    add_people(bot, range(5))
    page = owner.get(reverse("broadcasts:one", args=[make_broadcast(bot).pk])).content.decode()
    assert "a broadcast reaches 3 at most" in page
    answer = owner.post(reverse("broadcasts:audience"), {"candidate": bot.candidate_id, "bot": bot.pk}).json()
    assert (answer["people"], "a broadcast reaches 3 at most" in answer["message"]) == (3, True)


@pytest.mark.django_db
def test_more_bots_than_the_plan_allows_are_refused_in_words(bot, plan, owner):
    create_bot(candidate=bot.candidate, slug="second", name="second", actor=None)
    with pytest.raises(DomainError) as refusal:
        create_bot(candidate=bot.candidate, slug="third", name="third", actor=None)
    assert refusal.value.code == "plan-limit"
    form = {"candidate": bot.candidate_id, "slug": "third", "name": "third", "platform": "telegram"}
    answer = owner.post(reverse("admin:bots_bot_add"), form)
    assert "allows 2 bots" in answer.content.decode()
