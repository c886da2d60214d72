"""A contribution is answered, and figures are looked at, in a real Chromium, in both languages and on a phone."""

import datetime as dt
import os

import pytest
from django.utils import timezone

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from bots.models import BotUser, Click, Contribution, ContributionAnswer, Message
from bots.services.polls import create_poll, note_sent_copy, open_poll
from bots.tasks import count_for_analytics
from bots.tests.updates import button, message, send, vote
from common.environment import PROJECT_DIR

PICTURES = PROJECT_DIR / "docs" / "images"
CITIES = ("tehran", "tehran", "tehran", "isfahan", "isfahan", "qom", "")
SOURCES = ("poster", "poster", "leaflet", "channel", "")

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(browser_page, live_server):
    client = sign_in(make_staff(Role.OWNER, username="sara"))
    browser_page.sign_in_as(live_server.url, client.cookies["sessionid"].value)
    browser_page.page.set_viewport_size({"width": 1100, "height": 760})
    browser_page.page.add_init_script("localStorage.setItem('django.admin.navSidebarIsOpen', 'false')")
    yield browser_page.page
    assert browser_page.problems == []


def keep_picture(page, name: str) -> None:
    if os.environ.get("STORE_SCREENSHOTS"):
        page.screenshot(path=PICTURES / f"bots-{name}.png", full_page=True)


def fill_weeks(bot) -> None:
    """Five weeks of people who come and come back."""
    now = timezone.now()
    people = BotUser.objects.bulk_create(
        BotUser(
            bot=bot, platform_user_id=number, first_name="سارا", city=CITIES[number % 7], source=SOURCES[number % 5],
            first_seen_at=now - dt.timedelta(hours=number * 3), is_blocked=number % 29 == 0,
            last_seen_at=now - dt.timedelta(hours=number * 3 * (number * 37 % 100) / 100),
        )
        for number in range(280)
    )  # fmt: skip
    Click.objects.bulk_create(
        Click(bot=bot, bot_user=person, kind="start", occurred_at=person.first_seen_at) for person in people
    )
    Message.objects.bulk_create(
        Message(bot=bot, bot_user=person, kind="text", text="سلام", occurred_at=person.last_seen_at)
        for person in people[::2]
    )


def test_a_contribution_is_answered(page, live_server, bot, browser_page):
    send(bot, button("contribute:idea"), message("در محلهٔ ما درخت بکارید."))
    browser_page.read_in(live_server.url, "fa")

    page.goto(f"{live_server.url}/admin/bots/contribution/")
    page.locator("#result_list tbody a").first.click()
    page.locator("#answer-text").fill("از پیشنهاد شما سپاسگزاریم؛ از بهار آغاز می‌کنیم.")
    page.locator(".answer-form [type=submit]").click()
    page.wait_for_url("**/change/")

    assert "از بهار آغاز" in page.locator("#answers").inner_text()
    assert str(ContributionAnswer.objects.get().author) == "sara"
    assert Contribution.objects.get().state == "answered"
    keep_picture(page, "contribution")

    page.goto(f"{live_server.url}/admin/bots/botuser/{BotUser.objects.get().pk}/change/")
    assert "از بهار آغاز" in page.locator("#story").inner_text()
    keep_picture(page, "person")


@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_figures_of_a_bot_are_drawn(language, page, live_server, bot, browser_page):
    fill_weeks(bot)
    count_for_analytics()
    browser_page.read_in(live_server.url, language)

    page.goto(f"{live_server.url}/admin/bots/{bot.pk}/analytics")
    drawn = page.locator(".chart svg rect:not(.under)").evaluate_all(
        "bars => bars.filter(bar => bar.getBoundingClientRect().height > 1).length"
    )
    assert drawn > 60
    keep_picture(page, f"analytics-{language}")

    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator(".chart summary").first.click()
    assert page.locator(".chart table").first.is_visible()


def test_votes_show_while_they_come_in(page, live_server, bot, browser_page):
    staff = make_staff(Role.OWNER)
    poll = create_poll(
        bot=bot, question="پارک یا مدرسه؟", options=["پارک", "مدرسه"], allows_multiple_answers=False, actor=staff
    )
    open_poll(poll_id=poll.pk, actor=staff)
    note_sent_copy(poll=poll, platform_poll_id="100")
    browser_page.read_in(live_server.url, "fa")
    page.goto(f"{live_server.url}/admin/bots/polls/{poll.pk}/results")
    assert page.locator("#voters").inner_text() == "0"

    send(bot, vote([1], poll_id="100"))

    page.locator("#results tbody tr:nth-child(2) .number", has_text="1").wait_for()
    assert page.locator("#voters").inner_text() == "1"
    keep_picture(page, "poll")
