"""Polls of staff: drafted, opened, voted in through the inbox, closed; results live."""

import pytest

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from bots.models import PlatformPoll, Poll, PollAnswer
from bots.selectors import poll_results
from bots.services.bots import create_bot
from bots.services.polls import create_poll, note_sent_copy, open_poll
from bots.tests.updates import poll, send, vote

pytestmark = pytest.mark.django_db

CREATE = "/admin/bots/polls/create"


@pytest.fixture
def support():
    client = sign_in(make_staff(Role.SUPPORT))
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def draft(bot) -> Poll:
    return create_poll(
        bot=bot, question="پارک یا مدرسه؟", options=["پارک", "مدرسه"], allows_multiple_answers=False,
        actor=make_staff(Role.OWNER),
    )  # fmt: skip


def form(bot, **changes):
    return {"bot": bot.pk, "question": "پارک؟", "options": "آری\r\n\r\nنه\r\n", **changes}


def votes(row) -> list[int]:
    return [count for _option, count in poll_results(row)]


def test_a_poll_is_drafted_opened_and_closed_by_staff(bot, support):
    support.post(CREATE, form(bot, allows_multiple_answers="on"))
    made = Poll.objects.get()
    assert [option.text for option in made.options.all()] == ["آری", "نه"]
    assert (made.state, made.allows_multiple_answers, made.platform_poll_id) == ("draft", True, None)

    page = f"/admin/bots/polls/{made.pk}"
    assert "Open the poll" in support.get(f"{page}/results").content.decode()
    assert support.get(f"{page}/open").status_code == 200  # it asks first
    support.post(f"{page}/open")
    made.refresh_from_db()
    assert (made.state, made.opened_at is not None) == ("open", True)
    support.post(f"{page}/close")
    made.refresh_from_db()
    assert made.state == "closed"

    support.post(f"{page}/open")
    made.refresh_from_db()
    assert made.state == "closed"
    acts = AuditLog.objects.filter(action__startswith="bots.poll.").order_by("pk").values_list("action", flat=True)
    assert list(acts) == ["bots.poll.create", "bots.poll.opened", "bots.poll.close"]


@pytest.mark.parametrize(
    "changes",
    [
        {"question": " "}, {"question": "x" * 301}, {"options": "one"}, {"options": "same\nsame"},
        {"options": "\n".join("abcdefghijk")}, {"options": "a\n" + "x" * 101},
    ],
)  # fmt: skip
def test_a_poll_that_the_platform_would_refuse_is_refused_here(changes, bot, support):
    assert support.post(CREATE, form(bot, **changes)).status_code == 200
    assert not Poll.objects.exists()


def test_votes_in_each_sent_copy_are_votes_in_the_poll(bot, draft):
    note_sent_copy(poll=draft, platform_poll_id="100")
    note_sent_copy(poll=draft, platform_poll_id="200")

    send(
        bot, vote([0], poll_id="100", number=1), vote([1], poll_id="200", number=2), vote([1], poll_id="200", number=3)
    )

    assert votes(draft) == [1, 2]
    assert Poll.objects.count() == 1


def test_of_a_person_who_votes_in_two_copies_the_latest_vote_counts(bot, draft):
    note_sent_copy(poll=draft, platform_poll_id="100")
    note_sent_copy(poll=draft, platform_poll_id="200")

    send(bot, vote([0], poll_id="100"), vote([1], poll_id="200"), vote([0], poll_id="100"))
    assert votes(draft) == [1, 0]
    send(bot, vote([], poll_id="200"))
    assert votes(draft) == [0, 0]


def test_votes_that_came_before_the_copys_number_was_known_move_to_the_poll(bot, draft):
    send(bot, vote([1], poll_id="100", number=1), vote([0], poll_id="100", number=2))
    assert Poll.objects.filter(platform_poll_id="100").exists()

    note_sent_copy(poll=draft, platform_poll_id="100")
    note_sent_copy(poll=draft, platform_poll_id="100")

    assert votes(draft) == [1, 1]
    assert list(Poll.objects.all()) == [draft]
    assert PlatformPoll.objects.count() == 1


def test_what_the_platform_tells_of_a_copy_changes_nothing_of_the_poll(bot, draft):
    note_sent_copy(poll=draft, platform_poll_id="100")

    send(bot, poll("x", "y", poll_id="100", question="changed"))

    draft.refresh_from_db()
    assert draft.question == "پارک یا مدرسه؟"
    assert [option.text for option in draft.options.all()] == ["پارک", "مدرسه"]


def test_results_are_told_as_json(bot, draft, support):
    open_poll(poll_id=draft.pk, actor=make_staff(Role.OWNER))
    note_sent_copy(poll=draft, platform_poll_id="100")
    send(bot, *(vote([number % 4 // 3], poll_id="100", number=number) for number in range(4)))

    assert support.get(f"/admin/bots/polls/{draft.pk}/api/results").json() == {
        "state": "open",
        "voters": 4,
        "options": [{"text": "پارک", "votes": 3, "percent": 75}, {"text": "مدرسه", "votes": 1, "percent": 25}],
    }
    assert PollAnswer.objects.count() == 4


def test_a_poll_that_the_platform_told_of_is_shown_and_not_closed_here(bot, support):
    send(bot, poll("a", "b"))
    told = Poll.objects.get()

    assert "Close the poll" not in support.get(f"/admin/bots/polls/{told.pk}/results").content.decode()
    support.post(f"/admin/bots/polls/{told.pk}/close")
    told.refresh_from_db()
    assert told.state == "open"


def test_making_opening_and_closing_need_the_permission(bot, draft):
    auditor = sign_in(make_staff(Role.AUDITOR))

    assert auditor.get(f"/admin/bots/polls/{draft.pk}/results").status_code == 200
    assert auditor.post(CREATE, form(bot)).status_code == 403
    for name in ("open", "close"):
        assert auditor.post(f"/admin/bots/polls/{draft.pk}/{name}").status_code == 403


def test_limited_staff_make_and_see_polls_of_their_candidates_only(bot, draft):
    candidate = make_candidate("other")
    theirs = create_bot(candidate=candidate, slug="other", name="other", actor=None)
    limited = sign_in(make_staff(Role.SUPPORT, candidates=[candidate]))

    for name in ("results", "api/results", "open", "close"):
        assert limited.get(f"/admin/bots/polls/{draft.pk}/{name}").status_code == 404
    limited.post(CREATE, form(bot))
    assert Poll.objects.count() == 1
    limited.post(CREATE, form(theirs))
    assert Poll.objects.count() == 2
