"""A list is imported and taken back in a real Chromium, in both languages."""

import pytest
from django.urls import reverse

from accounts.models import Candidate
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]
ROWS = "code,name,city,phone\nreza,رضا احمدی,شیراز,۰۹۱۲۷۰۰۵۰۲۶\nsara,سارا,tehran,\n"


@pytest.fixture
def page(browser_page, live_server):
    client = sign_in(make_staff(Role.OWNER, username="sara"))
    browser_page.sign_in_as(live_server.url, client.cookies["sessionid"].value)
    browser_page.page.set_viewport_size({"width": 1100, "height": 760})
    yield browser_page.page
    assert browser_page.problems == []


def send(page, text):
    page.set_input_files("input[type=file]", {"name": "list.csv", "mimeType": "text/csv", "buffer": text.encode()})
    page.click(".submit-row input.default")


@pytest.mark.parametrize("language", ["fa", "en"])
def test_a_list_from_the_file_to_its_undoing(page, live_server, browser_page, language):
    browser_page.read_in(live_server.url, language)
    make_candidate("sara", name="سارا محمدی", phone="09121112233")
    page.goto(live_server.url + reverse("admin:accounts_candidate_changelist"))
    page.click("a[href='/admin/exports/import/candidates']")
    send(page, "code,name,city\nreza,,atlantis\n")
    assert page.locator(".import-rows tr.wrong .errorlist li").count() == 2
    assert page.locator("input[name=confirm]").count() == 0

    page.click(".closelink")
    send(page, ROWS)
    assert page.locator(".import-rows tbody tr").count() == 2
    assert "•••" in page.inner_text("tr.changed")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.click("input[name=confirm]")

    assert Candidate.objects.get(code="reza").phone == "09127005026"
    page.click(".submit-row input[type=submit]")
    assert Candidate.objects.get().name == "سارا محمدی"
