"""The conversation with citizens, through the webhook and the test server only."""

import time

import pytest

from accounts.roles import Role
from accounts.testing import make_staff
from bots.models import BotUser, Contribution, Poll, PollAnswer
from bots.selectors import poll_results
from bots.services.polls import create_poll, open_poll
from bots.tests.broadcasting import TOKEN
from bots.tests.conversing import CANDIDATE, buttons_of, settle

pytestmark = pytest.mark.django_db(transaction=True)


def person(number: int = 7) -> BotUser:
    return BotUser.objects.get(platform_user_id=number)


def test_who_begins_reads_what_is_held_and_is_asked_before_anything_else(maryam):
    maryam.start("src_poster")

    assert maryam.text().startswith("سلام مریم!")
    assert CANDIDATE in maryam.text()
    assert buttons_of(maryam.said()) == ["agree:fa-standard-1"]
    assert (person().source, person().consent_version, person().consented_at) == ("poster", "", None)

    maryam.press("agree:fa-standard-1")

    assert person().consent_version == "fa-standard-1"
    assert person().consented_at is not None
    assert buttons_of(maryam.said()) == [
        "show:contribute", "show:polls", "show:city", "show:contact", "show:about",
    ]  # fmt: skip
    assert maryam.count() == 1  # the menu took the place of the question


def test_english_is_spoken_to_who_reads_it(john):
    john.start()
    assert john.text().startswith("Hello John!")
    assert "Do you agree?" in john.text()
    john.press("agree:en-standard-1")
    assert john.text() == "Welcome, John! What would you like to do?"
    john.write("/help")
    assert john.text().startswith("/start the menu")


def test_no_more_is_asked_of_who_has_not_agreed_and_what_they_send_is_kept(maryam, messenger):
    maryam.start()
    maryam.write("سلام")  # the text of consent again, once
    maryam.write("هستید؟")
    assert maryam.count() == 2
    assert buttons_of(maryam.said()) == ["agree:fa-standard-1"]
    assert person().message_count == 3


def test_a_contribution_is_asked_for_kept_and_thanked_for_with_its_number(maryam):
    maryam.agree()
    maryam.press("show:contribute")
    maryam.press("contribute:idea")
    assert maryam.text().startswith("پیشنهاد:")
    maryam.write("درخت بکارید")

    contribution = Contribution.objects.get()
    assert (contribution.text, contribution.kind) == ("درخت بکارید", "idea")
    number = str(contribution.pk).translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    assert number in maryam.text()
    assert CANDIDATE in maryam.text()


def test_a_city_is_chosen_from_pages(john):
    john.agree()
    john.press("show:city")
    assert "city:tehran" in buttons_of(john.said())
    john.press("cities:1")
    assert "city:tehran" not in buttons_of(john.said())
    assert "cities:0" in buttons_of(john.said())
    john.press("cities:0")
    john.press("city:tehran")
    assert john.text() == "Your city: Tehran"
    assert person(8).city == "tehran"


def test_only_ones_own_phone_is_kept(maryam, messenger):
    maryam.agree()
    maryam.press("show:contact")
    maryam.press("show:phone")
    key = maryam.said()["reply_markup"]["keyboard"][0][0]
    assert key["request_contact"] is True

    contact = {"phone_number": "+989120000000", "first_name": "x", "user_id": 99}
    messenger.give(TOKEN, [message_of(maryam, contact=contact)])
    settle(messenger)
    assert person().phone == ""
    assert "خود شما نیست" in maryam.text()

    maryam.act("share_contact")
    assert person().phone == "+989121234567"
    assert "ثبت شد" in maryam.text()


def message_of(chat, **content):
    about = {"id": chat.person.id, "is_bot": False, "first_name": chat.person.first_name, "language_code": "fa"}
    where = {"id": chat.person.id, "type": "private", "first_name": chat.person.first_name}
    message = {"message_id": 10**6, "from": about, "chat": where, "date": int(time.time()), **content}
    return {"update_id": 10**9 + chat.person.id, "message": message}


def test_polls_are_sent_and_their_votes_count(maryam, talking_bot):
    maryam.agree()
    maryam.press("show:polls")
    assert "نیست" in maryam.text()
    poll = create_poll(
        bot=talking_bot, question="کجا؟", options=["باغ", "میدان"], allows_multiple_answers=False,
        actor=make_staff(Role.OWNER),
    )  # fmt: skip
    open_poll(poll_id=poll.pk, actor=make_staff(Role.OWNER, username="x"))
    maryam.press("show:menu")
    maryam.press("show:polls")
    maryam.press(f"poll:{poll.pk}")
    sent = maryam.messages()[-1]["poll"]
    assert sent["question"] == "کجا؟"

    maryam.act("vote", poll_id=sent["id"], option_ids=[1])

    assert [count for _option, count in poll_results(poll)] == [0, 1]
    assert Poll.objects.count() == PollAnswer.objects.count() == 1


def test_my_data_are_told_in_plain_words(maryam):
    maryam.agree()
    maryam.act("share_contact")
    maryam.write("/mydata")
    assert "مریم" in maryam.text()
    assert "…4567" in maryam.text()
    assert "912123" not in maryam.text()


def test_stop_keeps_broadcasts_away_until_start(maryam):
    maryam.agree()
    maryam.write("/stop")
    assert person().stopped_at is not None
    assert "همگانی" in maryam.text()
    maryam.start()
    assert person().stopped_at is None


def test_what_is_not_understood_gets_help_once_in_a_while(maryam):
    maryam.agree()
    maryam.write("سلام")
    told = maryam.count()
    maryam.write("/nothing")
    maryam.write("چطورید")
    assert maryam.count() == told
    assert "منو" in maryam.text()


def test_each_press_is_answered_and_every_call_has_the_published_shape(maryam, messenger):
    maryam.agree()
    maryam.press("show:about")
    acknowledged = [arguments for method, arguments in messenger.calls if method == "answerCallbackQuery"]
    assert len(acknowledged) == 2
    assert messenger.faults == []
