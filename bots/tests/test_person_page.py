"""A person's page and the ways to find them."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from bots.models import BotUser, Contribution, PersonLookup
from bots.services.contributions import answer_contribution
from bots.staff.story import STEPS_PER_PAGE
from bots.tests.updates import button, message, person, poll, send, vote

pytestmark = pytest.mark.django_db

LIST = "/admin/bots/botuser/"


def page(row) -> str:
    return reverse("admin:bots_botuser_change", args=[row.pk])


def steps(response) -> list[str]:
    return [step["what"] for step in response.context["story"].object_list]


@pytest.fixture
def maryam(bot) -> BotUser:
    send(
        bot, message("/start src_poster"), poll("باغ", "میدان", question="کجا؟"), button("contribute:idea"),
        message("درخت بکارید"), vote([1]),
    )  # fmt: skip
    answer_contribution(contribution_id=Contribution.objects.get().pk, text="چشم", actor=make_staff(Role.OWNER))
    return BotUser.objects.get()


def test_the_page_tells_what_passed_between_a_person_and_the_bot(maryam):
    response = sign_in(make_staff(Role.OWNER)).get(page(maryam))

    assert sorted(steps(response)) == ["click", "click", "contribution", "message", "message", "out", "vote"]
    shown = response.content.decode()
    for words in ("درخت بکارید", "چشم", "کجا؟", "میدان", "contribute:idea"):
        assert words in shown


def test_each_part_of_it_needs_its_own_permission(maryam):
    assert sorted(steps(sign_in(make_staff(Role.SUPPORT)).get(page(maryam)))) == [
        "contribution", "message", "message", "out",
    ]  # fmt: skip


def test_a_vote_that_was_taken_back_is_told(bot, maryam):
    send(bot, vote([]))
    client = sign_in(make_staff(Role.OWNER))
    client.cookies["django_language"] = "en"

    assert "took the vote back" in client.get(page(maryam)).content.decode()


def test_a_long_story_stands_on_several_pages(bot, maryam):
    send(bot, *(message(f"سلام {number}") for number in range(STEPS_PER_PAGE)))
    client = sign_in(make_staff(Role.OWNER))

    first, second = client.get(page(maryam)), client.get(f"{page(maryam)}?story=2")

    assert len(steps(first)) == STEPS_PER_PAGE
    assert len(steps(second)) == 7
    for nonsense in ("x", "-1", "99999999999999999999"):
        assert client.get(f"{page(maryam)}?story={nonsense}").status_code == 200


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("مریم", True), ("مر", True), ("ریم", False), ("احمدی مریم", True), ("مریم رضایی", False), ("sara_k", True),
        ("@Sara", True), ("k1370", True), ("علی", False), ("يك", True), ("'", False), ("\\", False), ("%", False),
        ("a:*|b", False), ("7", True), ("۷", True), ("8", False), ("x" * 500, False), (" _ ", True),
    ],
)  # fmt: skip
def test_people_are_found_by_the_beginnings_of_their_names(typed, found, bot):
    searched = person(first_name="مریم", last_name="احمدی یک", username="sara_k1370")
    send(bot, message("x", number=7, **{"from": searched}))

    people = sign_in(make_staff(Role.OWNER)).get(LIST, {"q": typed}).context["cl"].queryset

    assert people.exists() == found


def test_what_people_are_found_by_follows_what_they_tell(bot):
    send(bot, message("x"))
    send(bot, button("city:qom"), message("x", number=7, **{"from": person(first_name="زهرا")}))

    lookup = PersonLookup.objects.get()

    assert (lookup.words, lookup.city) == ("'زهرا'", "qom")
    client = sign_in(make_staff(Role.OWNER))
    assert client.get(f"{LIST}?city=qom&q=زهرا").context["cl"].queryset.count() == 1
    assert client.get(f"{LIST}?q=مریم").context["cl"].queryset.count() == 0


def test_a_person_who_is_deleted_is_found_no_more(bot):
    send(bot, message("x"))

    BotUser.objects.all().delete()

    assert not PersonLookup.objects.exists()
