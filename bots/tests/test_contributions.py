"""Contributions and their answers, as staff handle them in the admin."""

import threading

import pytest
from django.db import connection
from django.urls import reverse

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from bots.models import BotUser, Contribution, ContributionAnswer, OutboxMessage
from bots.services.bots import create_bot
from bots.services.contributions import answer_contribution, close_contributions
from bots.tests.updates import button, message, send
from common.errors import DomainError

pytestmark = pytest.mark.django_db

LIST = "/admin/bots/contribution/"


@pytest.fixture
def contribution(bot) -> Contribution:
    return contribute(bot, "درخت بکارید", number=7)


@pytest.fixture
def elsewhere(db) -> Contribution:
    other = create_bot(candidate=make_candidate("isfahan", city="isfahan"), slug="isfahan-1", name="I", actor=None)
    return contribute(other, "رودخانه", number=8)


@pytest.fixture
def support():
    return sign_in(make_staff(Role.SUPPORT, username="sara"))


def contribute(bot, text, *, number=7, kind="idea") -> Contribution:
    send(bot, button(f"contribute:{kind}", number), message(text, number=number))
    return Contribution.objects.get(bot=bot, text=text)


def page(row) -> str:
    return reverse("admin:bots_contribution_change", args=[row.pk])


def act(client, row, name, **values):
    return client.post(f"/admin/bots/contributions/{row.pk}/{name}", values, follow=True)


def state(row) -> str:
    row.refresh_from_db()
    return str(row.state)


def acts() -> list[str]:
    return list(AuditLog.objects.filter(action__startswith="bots.contribution.").values_list("action", flat=True))


def test_a_contribution_is_new_until_somebody_who_may_answer_opens_it(contribution, support):
    assert state(contribution) == "new"
    sign_in(make_staff(Role.AUDITOR)).get(page(contribution))
    assert state(contribution) == "new"

    assert support.get(page(contribution)).status_code == 200

    assert state(contribution) == "seen"
    assert "bots.contribution.seen" in acts()


def test_an_answer_is_stored_with_the_message_that_takes_it_to_the_citizen(contribution, support):
    response = act(support, contribution, "answer", text=" می‌کاریم ")

    answer = ContributionAnswer.objects.get()
    assert (answer.text, str(answer.author), state(contribution)) == ("می‌کاریم", "sara", "answered")
    assert answer.delivery.state == OutboxMessage.State.QUEUED
    quoted = {"message_id": contribution.message.message_id, "allow_sending_without_reply": True}
    assert answer.delivery.payload == {
        "method": "sendMessage", "chat_id": 7, "text": "می‌کاریم", "reply_parameters": quoted,
    }  # fmt: skip
    assert "می‌کاریم" in response.content.decode()
    assert acts().count("bots.contribution.answer") == 1


def test_a_contribution_can_be_answered_again_and_each_answer_is_one_message(contribution, support):
    act(support, contribution, "answer", text="یک")
    act(support, contribution, "answer", text="دو")

    assert list(ContributionAnswer.objects.values_list("text", flat=True)) == ["یک", "دو"]
    assert OutboxMessage.objects.values("cause").distinct().count() == 2


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 4097, "😀" * 2049])
def test_an_answer_that_the_platform_would_refuse_is_refused_here(text, contribution, support):
    response = act(support, contribution, "answer", text=text)

    assert response.status_code == 200
    assert not ContributionAnswer.objects.exists()
    assert state(contribution) == "seen"  # its page was shown again


@pytest.mark.parametrize("change", [{"is_blocked": True}, {"stopped_at": "2026-01-01T00:00Z"}])
def test_nobody_who_cannot_be_reached_is_answered(change, contribution, support):
    BotUser.objects.update(**change)

    act(support, contribution, "answer", text="x")

    assert not OutboxMessage.objects.exists()


def test_a_closed_contribution_is_answered_only_after_it_is_opened_again(contribution, support):
    act(support, contribution, "close")
    assert state(contribution) == "closed"
    act(support, contribution, "answer", text="x")
    assert not ContributionAnswer.objects.exists()

    act(support, contribution, "reopen")
    assert state(contribution) == "seen"
    act(support, contribution, "answer", text="x")
    act(support, contribution, "close")
    act(support, contribution, "reopen")
    assert state(contribution) == "answered"
    assert {"bots.contribution.close", "bots.contribution.reopen"} <= set(acts())


def test_a_contribution_is_assigned_to_somebody_who_may_answer_it(contribution, support, elsewhere):
    colleague = make_staff(Role.SUPPORT, candidates=[contribution.bot.candidate])
    stranger = make_staff(Role.SUPPORT, candidates=[elsewhere.bot.candidate])
    onlooker = make_staff(Role.AUDITOR)
    offered = support.get(page(contribution)).context["assignees"]
    assert colleague in offered
    assert stranger not in offered
    assert onlooker not in offered

    act(support, contribution, "assign", assignee=colleague.pk)
    contribution.refresh_from_db()
    assert contribution.assigned_to == colleague
    assert AuditLog.objects.get(action="bots.contribution.assign").details == {"assigned_to": colleague.username}

    for nobody in (stranger, onlooker):
        assert act(support, contribution, "assign", assignee=nobody.pk).status_code == 404
    act(support, contribution, "assign", assignee="")
    contribution.refresh_from_db()
    assert contribution.assigned_to is None


def test_many_are_taken_over_and_closed_from_the_list(bot, contribution, support):
    another = contribute(bot, "پارک", number=9)
    chosen = [contribution.pk, another.pk]

    support.post(LIST, {"action": "assign_to_me", "_selected_action": chosen})
    assert Contribution.objects.filter(assigned_to__username="sara").count() == 2
    support.post(LIST, {"action": "close", "_selected_action": chosen})

    assert set(Contribution.objects.values_list("state", flat=True)) == {"closed"}
    details = AuditLog.objects.get(action="bots.contribution.close").details
    assert details == {"count": 2, "ids": sorted(chosen)}


@pytest.mark.parametrize("name", ["answer", "assign", "close", "reopen"])
def test_each_act_needs_its_permission_and_a_post(name, contribution, support):
    auditor = sign_in(make_staff(Role.AUDITOR))

    assert act(auditor, contribution, name, text="x").status_code == 403
    assert support.get(f"/admin/bots/contributions/{contribution.pk}/{name}").status_code == 405
    assert state(contribution) == "new"


@pytest.mark.parametrize("name", ["answer", "assign", "close", "reopen"])
def test_limited_staff_act_on_their_candidates_contributions_only(name, contribution, elsewhere):
    limited = sign_in(make_staff(Role.SUPPORT, candidates=[contribution.bot.candidate]))

    assert act(limited, elsewhere, name, text="x").status_code == 404
    assert state(elsewhere) == "new"


def test_limited_staff_see_and_close_their_candidates_contributions_only(contribution, elsewhere):
    limited = sign_in(make_staff(Role.SUPPORT, candidates=[contribution.bot.candidate]))

    shown = limited.get(LIST)
    assert list(shown.context["cl"].queryset) == [contribution]
    assert "رودخانه" not in shown.content.decode()
    limited.post(LIST, {"action": "close", "_selected_action": [contribution.pk, elsewhere.pk]})
    assert (state(contribution), state(elsewhere)) == ("closed", "new")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 2), ("state__exact=new", 1), ("state__exact=closed", 1), ("kind__exact=idea", 1), ("assigned=me", 1),
        ("assigned=-", 1), ("city=qom", 1), ("q=درخت", 1), ("q=درخ", 1), ("q=بکارید درخت", 1), ("q=رخت", 0),
        ("q=پارك", 1), ("q='", 0), ("q=\\", 0), ("q=a:b%26c|d!", 0), ("occurred_at__from=1404/09/01", 2),
        ("occurred_at__to=1404/08/30", 0),
    ],
)  # fmt: skip
def test_the_list_is_filtered_and_searched(query, count, bot, contribution, support):
    another = contribute(bot, "پارک می‌خواهیم", number=9, kind="complaint")
    BotUser.objects.filter(platform_user_id=9).update(city="qom")
    support.post(LIST, {"action": "assign_to_me", "_selected_action": [another.pk]})
    support.post(LIST, {"action": "close", "_selected_action": [another.pk]})

    response = support.get(f"{LIST}?{query}")

    assert response.context["cl"].queryset.count() == count


@pytest.mark.django_db(transaction=True)
def test_of_answers_and_a_closing_at_once_none_is_lost_and_none_comes_after(bot):
    contribution = contribute(bot, "درخت")
    staff = make_staff(Role.SUPPORT)
    refused: list[str] = []
    together = threading.Barrier(9)

    def at_once(act) -> None:
        together.wait()
        try:
            act()
        except DomainError as error:
            refused.append(error.code)
        finally:
            connection.close()

    def answer() -> None:
        answer_contribution(contribution_id=contribution.pk, text="x", actor=staff)

    def close() -> None:
        close_contributions(contributions=[contribution.pk], actor=staff)

    threads = [threading.Thread(target=at_once, args=[act]) for act in [answer] * 8 + [close]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(refused) <= {"contribution-closed"}
    assert ContributionAnswer.objects.count() == OutboxMessage.objects.count() == 8 - len(refused)
    assert state(contribution) == "closed"
    assert acts().count("bots.contribution.answer") == 8 - len(refused)
