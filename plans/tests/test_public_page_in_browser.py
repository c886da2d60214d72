"""The public page in a real browser: both languages, from the narrowest phone to a wide screen."""

import pytest

from plans.models import Plan, Stage
from plans.public_list import keeper

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]
WIDTHS = (320, 768, 1600)


@pytest.fixture
def plans():
    keeper.forget()
    for number, name in enumerate(("پایه", "استاندارد", "ویژه", "n" * 140)):
        Plan.objects.create(
            code=f"plan-{number}",
            name_fa=name,
            name_en=f"Plan {name}",
            price_rials=250_000_000 * (number + 1),
            entitlements={"people": 5000 * (number + 1), "broadcasts": 10},
            release_notes=f"<p>Now with <b>polls</b>.</p><pre>{'x' * 300}</pre>",
            stage=Stage.AVAILABLE,
            is_available_for_purchase=True,
        )
    yield
    keeper.forget()


@pytest.mark.parametrize(("language", "direction"), [("fa", "rtl"), ("en", "ltr")])
def test_the_page_fits_every_width_in_both_directions(browser_page, live_server, plans, language, direction):
    browser_page.read_in(live_server.url, language)
    page = browser_page.page
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{live_server.url}/plans")
        assert page.get_attribute("html", "dir") == direction
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        assert page.get_by_role("article").count() == len(Plan.objects.all())
    assert browser_page.problems == []


def test_the_other_language_is_one_press_of_a_key_away(browser_page, live_server, plans):
    page = browser_page.page
    page.goto(f"{live_server.url}/plans")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/plans?language=en")
    assert page.get_attribute("html", "lang") == "en"
    assert page.get_by_role("heading", level=1).inner_text() == "Plans"
    assert page.get_by_role("article", name="Plan پایه").is_visible()
    assert browser_page.problems == []
