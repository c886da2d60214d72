"""An export is chosen, made, watched and downloaded in a real Chromium, in both languages and on a phone."""

import os
from pathlib import Path

import pytest
from django.urls import reverse

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from common.environment import PROJECT_DIR
from exports.models import DataExportLog
from exports.running import carry_out
from exports.tests.runs import asked
from exports.tests.samples import make_bot, make_person, read_csv

PICTURES = PROJECT_DIR / "docs" / "images"

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(browser_page, live_server):
    client = sign_in(make_staff(Role.OWNER, username="sara"))
    browser_page.sign_in_as(live_server.url, client.cookies["sessionid"].value)
    browser_page.page.set_viewport_size({"width": 1100, "height": 760})
    browser_page.page.add_init_script("localStorage.setItem('django.admin.navSidebarIsOpen', 'false')")
    yield browser_page.page
    assert browser_page.problems == []


@pytest.fixture
def people():
    bot = make_bot("tehran-1")
    bot.candidate.name = "مریم احمدی"
    bot.candidate.save()
    for number in range(1, 6):
        make_person(bot, number, city="tehran", phone="09127005026")
    make_person(bot, 6, city="karaj")
    return bot


def keep_picture(page, name: str) -> None:
    if os.environ.get("STORE_SCREENSHOTS"):
        page.screenshot(path=PICTURES / f"exports-{name}.png", full_page=True)


def test_an_export_from_the_wish_to_the_file(page, live_server, browser_page, people):
    page.goto(live_server.url + reverse("exports:dashboard"))
    keep_picture(page, "empty-fa")
    page.click(f"#content-main a.addlink[href='{reverse('exports:create')}']")
    page.click("a[href*='dataset=bot_users']")
    page.wait_for_selector("#count:has-text('6')")
    page.select_option("[name=filter-city]", "tehran")
    page.check("[name=columns][value=phone]")
    page.check("[name=format][value=csv]")
    page.wait_for_selector("#count:has-text('5')")
    keep_picture(page, "create-fa")

    page.click("#wish-form input[type=submit]")
    page.fill("[name=purpose]", "تماس در روز انتخابات")
    keep_picture(page, "confirm-fa")
    page.click(".submit-row input.default")
    run = DataExportLog.objects.get()
    assert page.url == live_server.url + reverse("exports:one", args=[run.pk])

    page.goto(live_server.url + reverse("exports:dashboard"))
    DataExportLog.objects.filter(pk=run.pk).update(state="running", rows_written=2)
    page.wait_for_selector(f"[data-run='{run.pk}'] [data-field=rows_in_words]:has-text('2')")
    keep_picture(page, "running-fa")
    DataExportLog.objects.filter(pk=run.pk).update(state="queued", rows_written=0)
    carry_out(run.pk)
    page.click(f"a[href='{reverse('exports:download', args=[run.pk])}']", timeout=20_000)

    page.click("[name=link]")
    keep_picture(page, "link-fa")
    page.goto(page.input_value("[data-select]"))
    assert len(download(page)) == 1 + 5
    page.goto(live_server.url + reverse("exports:one", args=[run.pk]))
    keep_picture(page, "ready-fa")

    browser_page.read_in(live_server.url, "en")
    page.set_viewport_size({"width": 390, "height": 800})
    for name, address in {
        "dashboard": reverse("exports:dashboard"),
        "one": reverse("exports:one", args=[run.pk]),
        "create": f"{reverse('exports:create')}?dataset=bot_users",
        "schedule": f"{reverse('exports:schedule-create')}?dataset=bot_users",
    }.items():
        page.goto(live_server.url + address)
        keep_picture(page, f"{name}-en-phone")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name


def download(page) -> list[list[str]]:
    """The rows of the file that the page of a link gives to who presses its button."""
    with page.expect_download() as caught:
        page.click("form [type=submit]:visible")
    return read_csv(Path(caught.value.path()).read_bytes())


def test_the_keyboard_keeps_its_place_when_the_dashboard_is_drawn_anew(page, live_server, people):
    run, other = asked(), asked()
    page.goto(live_server.url + reverse("exports:dashboard"))
    page.focus(f"#cancel-{run.pk}")
    page.evaluate("window.stays = true")

    DataExportLog.objects.filter(pk=other.pk).update(state="cancelled")
    page.wait_for_selector(f"#cancel-{other.pk}", state="detached", timeout=10_000)

    assert page.evaluate("document.activeElement.id") == f"cancel-{run.pk}"
    assert page.evaluate("window.stays")  # without a reload


def test_a_schedule_asks_only_for_what_its_frequency_needs(page, live_server, people):
    page.goto(live_server.url + reverse("exports:schedule-create") + "?dataset=bot_users")
    shown = {name: page.locator(f".row-{name}") for name in ("weekday", "day_of_month", "calendar", "rule")}

    for frequency, names in {
        "daily": set(),
        "weekly": {"weekday"},
        "monthly": {"day_of_month", "calendar"},
        "rule": {"rule"},
    }.items():
        page.select_option("[name=frequency]", frequency)
        assert {name for name, row in shown.items() if row.is_visible()} == names
    keep_picture(page, "schedule-fa")
