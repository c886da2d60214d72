"""The admin in a real browser: both languages, from phone to wide screen."""

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from bots.models import Bot, BotUser

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]
PAGES = ("/admin/", "/admin/bots/botuser/", "/admin/bots/inboundupdate/", "/admin/django_celery_beat/periodictask/")
WIDTHS = (390, 1024, 1600)


@pytest.fixture
def owner() -> User:
    owner = make_staff(Role.OWNER, username="owner")
    User.objects.filter(pk=owner.pk).update(full_name="سارا محمدی")
    return owner


@pytest.fixture
def people():
    bot = Bot.objects.create(slug="main", name="ربات", candidate=make_candidate("ours", name="مریم احمدی"))
    now = timezone.now()
    BotUser.objects.bulk_create(
        [
            BotUser(bot=bot, platform_user_id=number, first_name="نام", first_seen_at=now, last_seen_at=now)
            for number in range(60)
        ]
    )


@pytest.fixture
def signed_in(browser_page, live_server, owner):
    browser_page.sign_in_as(live_server.url, sign_in(owner).session.session_key)
    return browser_page


def computed(page, selector, name):
    return page.eval_on_selector(selector, f"element => getComputedStyle(element).{name}")


@pytest.mark.parametrize(("language", "direction"), [("fa", "rtl"), ("en", "ltr")])
def test_pages_fit_every_width_in_both_directions(signed_in, live_server, people, language, direction):
    signed_in.read_in(live_server.url, language)
    page = signed_in.page
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for address in PAGES:
            page.goto(live_server.url + address)
            where = f"{address} at {width} in {language}"
            assert page.get_attribute("html", "dir") == direction, where
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
    assert signed_in.problems == []


@pytest.mark.parametrize(("language", "feature"), [("fa", '"ss01"'), ("en", "normal")])
def test_persian_digits_are_the_fonts_and_only_where_people_read(signed_in, live_server, people, language, feature):
    signed_in.read_in(live_server.url, language)
    page = signed_in.page
    page.goto(f"{live_server.url}/admin/bots/botuser/")
    page.evaluate("document.fonts.ready")
    assert page.evaluate('document.fonts.check("16px Vazirmatn")')
    assert computed(page, "body", "fontFeatureSettings") == feature
    assert computed(page, "#searchbar", "fontFeatureSettings") == "normal"
    assert computed(page, "input.jalali", "fontFeatureSettings") == feature
    assert signed_in.problems == []


def test_persian_digits_are_really_drawn_and_latin_ones_copied(signed_in, live_server):
    page = signed_in.page
    page.goto(f"{live_server.url}/admin/")
    page.evaluate("document.fonts.ready")
    # The same text drawn with and without the feature must differ, while its characters stay the same.
    page.evaluate(
        """() => {
            const line = (id, feature) => {
                const element = document.createElement("span");
                element.id = id;
                element.textContent = "4567";
                element.style.cssText = `font: 40px Vazirmatn; font-feature-settings: ${feature}`;
                document.querySelector("#content").append(element);
            };
            line("read", '"ss01"');
            line("copied", "normal");
        }"""
    )
    assert page.locator("#read").screenshot() != page.locator("#copied").screenshot()
    assert page.inner_text("#read") == "4567"


def test_the_picker_writes_a_jalali_day_that_the_filter_understands(signed_in, live_server, people):
    page = signed_in.page
    page.goto(f"{live_server.url}/admin/bots/botuser/")
    page.click("input[name=first_seen_at__from]")
    page.click("jdp-container .jdp-btn-today")
    page.click(".date-range-form:has(input[name=first_seen_at__from]) button")
    page.wait_for_url("**first_seen_at__from=14**")
    assert page.locator("#result_list tbody tr").count() == 50
    assert signed_in.problems == []


def test_persian_digits_that_are_typed_become_latin_in_the_input(signed_in, live_server, people):
    page = signed_in.page
    page.goto(f"{live_server.url}/admin/bots/botuser/")
    page.locator("input[name=first_seen_at__to]").press_sequentially("۱۴۰۴/٠٩/01")
    assert page.input_value("input[name=first_seen_at__to]") == "1404/09/01"


def test_the_language_switches_from_the_header_and_back(signed_in, live_server):
    page = signed_in.page
    page.goto(f"{live_server.url}/admin/")
    page.click(".language-switch button")
    page.wait_for_selector("html[lang=en]")
    page.click(".language-switch button")
    page.wait_for_selector("html[lang=fa]")
    assert signed_in.problems == []


def test_the_sign_in_page_fits_a_phone(browser_page, live_server):
    page = browser_page.page
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{live_server.url}/admin/login/")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.is_visible(".language-switch button")
    assert browser_page.problems == []
