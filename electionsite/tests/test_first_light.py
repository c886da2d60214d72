"""The main job, end to end: a citizen's click, replayed from real traffic, becomes a row in an Excel file."""

import pytest
from django.core.management import call_command
from openpyxl import load_workbook

from accounts.models import AuthenticatorDevice
from accounts.roles import Role
from accounts.testing import PASSWORD, make_staff
from accounts.tests.otp import app_code
from bots.models import BotUser
from bots.testing import CAMPAIGN
from common.jalali import format_jalali
from common.regions import city_name

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def traffic(capsys):
    call_command("replay_updates", CAMPAIGN, create_missing=True)
    call_command("project_updates")
    call_command("rebuild_analytics")  # the list's filters offer the sources that were counted last


def sign_in(page, address, device):
    page.goto(f"{address}/admin/bots/botuser/")
    page.fill("input[name=username]", device.user.username)
    page.fill("input[name=password]", PASSWORD)
    page.click("input[type=submit]")
    page.fill("input[name=code]", app_code(device))
    page.click("#content-main input[type=submit], #content-main button[type=submit]")
    page.wait_for_url(f"{address}/admin/bots/botuser/")


def test_staff_sign_in_filter_the_bot_users_and_download_them_as_excel(browser_page, live_server, traffic, tmp_path):
    device = AuthenticatorDevice.objects.create(user=make_staff(Role.DATA_OFFICER), confirmed=True)
    page = browser_page.page
    sign_in(page, live_server.url, device)
    for filter_link in ("?bot__id__exact=", "source=poster", "is_blocked__exact=0"):
        page.click(f"#changelist-filter a[href*='{filter_link}']")
    bot_id = page.url.partition("bot__id__exact=")[2].partition("&")[0]
    page.click(".object-tools a[href*=exports]")
    page.check("input[name=with_phones]")
    page.fill("[name=purpose]", "call volunteers")
    with page.expect_download() as download:
        page.click("#content-main input[type=submit]")
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.suffix == ".xlsx"
    assert browser_page.problems == []

    sheet = load_workbook(file).active
    assert sheet.sheet_view.rightToLeft
    headings, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    people = BotUser.objects.filter(bot=bot_id, source="poster", is_blocked=False)
    assert 0 < len(rows) == people.count() < BotUser.objects.count()
    assert "شمارهٔ کاربر در پیام‌رسان" in headings
    found = {row[0]: dict(zip(headings, row, strict=True)) for row in rows}
    for person in people:
        row = found[str(person.platform_user_id)]
        assert row["نام"] == person.first_name
        assert (row["شهر"] or "") == (city_name(person.city) if person.city else "")
        assert (row["تلفن"] or "") == person.phone
        assert row["منبع"] == "poster"
        assert (row["کلیک‌ها"], row["پیام‌ها"]) == (person.click_count, person.message_count)
        assert row["نخستین حضور (شمسی)"] == format_jalali(person.first_seen_at)
