"""A link in a real Chromium: its page, the press of its button, the file on the disk."""

from pathlib import Path
from typing import Any

import pytest

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from common.testing.processes import wait_until
from exports.tests.link_samples import CONTENT, FILE_NAME, make_link, make_ready_run, newest_link

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("language", ["fa", "en"])
def test_a_press_brings_the_file(browser_page: Any, live_server: Any, language: str) -> None:
    run, page = make_ready_run(make_staff(Role.DATA_OFFICER)), browser_page.page
    browser_page.read_in(live_server.url, language)
    page.goto(live_server.url + make_link(run))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    with page.expect_download() as waiting:
        page.locator("main button").click()

    assert waiting.value.suggested_filename == FILE_NAME
    assert Path(waiting.value.path()).read_bytes() == CONTENT
    assert page.locator("main button").is_disabled()
    assert wait_until(lambda: newest_link(run).delivered_at is not None, 10)
    assert browser_page.problems == []


def test_staff_make_a_link_and_find_it_selected(browser_page: Any, live_server: Any) -> None:
    officer, page = make_staff(Role.DATA_OFFICER), browser_page.page
    run = make_ready_run(officer)
    browser_page.sign_in_as(live_server.url, sign_in(officer).session.session_key)
    browser_page.read_in(live_server.url, "en")
    page.goto(f"{live_server.url}/admin/exports/{run.pk}/download")

    page.locator("input[name=link]").click()

    made = page.locator("input[data-select]").input_value()
    assert page.evaluate("getSelection().toString()") == made
    page.goto(made)
    with page.expect_download() as waiting:
        page.locator("main button").click()
    assert Path(waiting.value.path()).read_bytes() == CONTENT
    assert browser_page.problems == []
