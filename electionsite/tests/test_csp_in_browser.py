"""Every page of the site in a real Chromium under the real policy: nothing is stopped by it, nothing fails."""

import re

import pytest
from django.core.management import call_command
from django.http import HttpResponse
from django.template import engines
from django.urls import include, path
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from accounts.models import AuthenticatorDevice
from accounts.roles import Role
from accounts.testing import PASSWORD, make_staff, sign_in
from accounts.tests.otp import app_code
from audit.models import AuditLog
from bots.testing import CAMPAIGN
from common.sanitize import ALLOWED_TAGS, sanitize_input
from common.testing.processes import wait_until
from common.tests.test_sanitize import HOSTILE
from electionsite.tests.hostile_text import PROBE_ATTRIBUTE, PROBE_TAG
from electionsite.tests.site_map import Samples, routes
from electionsite.tests.test_role_matrix import expected_for

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]

LISTEN = """
document.addEventListener("securitypolicyviolation", (event) => noteViolation(
    `${event.effectiveDirective} stopped ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`
));
"""
# Twice: what a browser writes down anew after reading may be read differently the second time.
READ = """(markup) => {
    const first = new DOMParser().parseFromString(markup, "text/html").body.innerHTML;
    const body = new DOMParser().parseFromString(first, "text/html").body;
    return [...body.querySelectorAll("*")].map((element) => [element.localName, element.getAttributeNames()]);
}"""
# Breaks out of attributes, elements and scripts where anybody forgot to escape it.
HOSTILE_NAME = f"""'"></script></title><{PROBE_TAG} {PROBE_ATTRIBUTE}=1><img src=x onerror=alert(1)>{{{{ 7*7 }}}}"""
EXPECTED_ERRORS = re.compile(r"console: Failed to load resource: the server responded with a status of 4\d\d|4\d\d: ")
INLINE = """<!DOCTYPE html><title>t</title>
<style nonce="{{ request.csp_nonce }}">p { color: rgb(1, 2, 3) }</style><p>word</p>
<script nonce="{{ request.csp_nonce }}">document.title = "ran"</script>"""
FORGED = """<!DOCTYPE html><title>t</title><p style="color: rgb(1, 2, 3)">word</p>
<script>document.title = "ran"</script>"""


def fail(request):
    raise RuntimeError("on purpose")


def show(markup):
    return lambda request: HttpResponse(engines["django"].from_string(markup).render({}, request))


urlpatterns = [
    path("fail/", fail),
    path("inline/", show(INLINE)),
    path("forged/", show(FORGED)),
    path("", include("electionsite.urls")),
]


@pytest.fixture
def watched(browser_page):
    """The browser page, with what the policy stopped among its problems; errors of the status 4xx are expected."""
    browser_page.page.expose_binding(
        "noteViolation", lambda source, text: browser_page.problems.append(f"{source['frame'].url}: {text}")
    )
    browser_page.page.add_init_script(LISTEN)
    return browser_page


@pytest.fixture
def owner():
    owner = make_staff(Role.OWNER, username="owner")
    owner.is_superuser = True  # no page is left out for want of a permission
    owner.save()
    return owner


@pytest.fixture
def examples(owner):
    """Rows in the lists; what is still missing then is made when its page is looked for."""
    call_command("make_demo_data")
    call_command("replay_updates", CAMPAIGN, create_missing=True)
    call_command("project_updates")
    crontab = CrontabSchedule.objects.create(minute="30", hour="3")
    IntervalSchedule.objects.create(every=1, period=IntervalSchedule.HOURS)
    PeriodicTask.objects.create(name="nightly", task="x.y", crontab=crontab, enabled=False)


@pytest.fixture
def signed_in(watched, live_server, owner):
    watched.sign_in_as(live_server.url, sign_in(owner).session.session_key)
    return watched


def unexpected(problems):
    return [problem for problem in problems if not EXPECTED_ERRORS.match(problem)]


def use_everything(page):
    """Open what opens, and pick a day in each date picker."""
    page.evaluate("document.querySelectorAll('details').forEach((element) => { element.open = true; })")
    for picker in page.query_selector_all("input[data-jdp]"):
        if picker.is_visible():
            picker.click()
            page.click("jdp-container .jdp-day:not(.disabled-day)")
            assert re.match(r"1[34]\d\d/", picker.input_value())
            page.keyboard.press("Escape")
            page.click("#content h1, #content")
    for first_row in page.query_selector_all("#result_list tbody tr:first-child input.action-select"):
        first_row.click()


@pytest.mark.slow
def test_no_page_of_the_admin_needs_what_the_policy_forbids_or_gives_hostile_text_a_chance(signed_in, live_server):
    signed_in.page.on("dialog", lambda dialog: signed_in.problems.append(f"dialog: {dialog.message}"))
    samples, statuses = Samples(HOSTILE_NAME), expected_for("owner")
    for route in routes():
        if not route.template.startswith("/admin/") or statuses[route.template]["GET"] != 200:
            continue  # no page: ways to other pages, and what only takes a POST
        if route.template.endswith((".csv", ".xlsx")):
            continue  # no page: a file
        address = samples.address(route)
        answer = signed_in.page.goto(live_server.url + address)
        assert "content-security-policy" in answer.headers, address
        assert answer.status < 500, address
        use_everything(signed_in.page)
        assert signed_in.page.query_selector(f"{PROBE_TAG}, [{PROBE_ATTRIBUTE}]") is None, address
        assert unexpected(signed_in.problems) == [], address


@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_ways_in_need_nothing_that_the_policy_forbids(watched, live_server, language):
    watched.read_in(live_server.url, language)
    page = watched.page
    device = AuthenticatorDevice.objects.create(user=make_staff(Role.OWNER, username="sara"), confirmed=True)
    page.goto(f"{live_server.url}/admin/")
    page.fill("input[name=username]", "sara")
    page.fill("input[name=password]", "a wrong one")
    page.click("input[type=submit]")
    page.fill("input[name=password]", PASSWORD)
    page.click("input[type=submit]")
    page.fill("input[name=code]", app_code(device))
    page.click("#content-main [type=submit]")
    page.wait_for_url(f"{live_server.url}/admin/")
    page.click(".language-switch button")
    page.wait_for_selector(f"html:not([lang={language}])")
    for button in page.query_selector_all(".theme-toggle:visible, .toggle-nav-sidebar:visible"):
        button.click()
    page.click("#logout-form button")
    page.wait_for_selector("body:not(:has(#logout-form))")

    assert unexpected(watched.problems) == []


def test_enrolling_and_new_backup_codes_need_nothing_that_the_policy_forbids(watched, live_server):
    user = make_staff(Role.OWNER)
    watched.sign_in_as(live_server.url, sign_in(user, verified=False).session.session_key)
    page = watched.page
    AuthenticatorDevice.objects.filter(user=user).delete()
    page.goto(f"{live_server.url}/admin/second-factor/enrol")
    assert page.locator(".qr-code svg").bounding_box()["width"] > 100
    page.fill("input[name=code]", app_code(AuthenticatorDevice.objects.get(user=user)))
    page.click("#content-main [type=submit]")
    page.wait_for_selector("#backup-codes")
    page.context.grant_permissions(["clipboard-write", "clipboard-read"])
    page.click("button[data-copy]")

    assert unexpected(watched.problems) == []


def test_confirming_an_action_and_adding_in_a_window_of_its_own_work(signed_in, live_server, examples):
    page = signed_in.page
    page.goto(f"{live_server.url}/admin/accounts/candidate/")
    page.check("#result_list tbody tr:first-child input.action-select")
    page.select_option("select[name=action]", "delete_selected")
    page.click(".actions button")
    page.wait_for_selector(".delete-confirmation, #content form")

    page.goto(f"{live_server.url}/admin/django_celery_beat/periodictask/add/")
    with page.expect_popup() as window:
        page.click("#add_id_interval")
    popup = window.value
    popup.fill("input[name=every]", "7")
    popup.select_option("select[name=period]", "hours")
    with popup.expect_event("close"):
        popup.click("input[name=_save]")
    page.wait_for_function("document.querySelector('#id_interval').selectedOptions[0].text.includes('7')")

    assert unexpected(signed_in.problems) == []


@pytest.mark.parametrize(("address", "status"), [("/admin/no/such/page", 404), ("/no/such/page", 404), ("/fail/", 500)])
def test_error_pages_need_nothing_that_the_policy_forbids(signed_in, live_server, settings, address, status):
    settings.ROOT_URLCONF = __name__

    answer = signed_in.page.goto(live_server.url + address)

    assert answer.status == status
    assert [problem for problem in signed_in.problems if str(status) not in problem] == []


def test_a_refused_form_shows_its_page(signed_in, live_server):
    page = signed_in.page
    page.goto(f"{live_server.url}/admin/")
    page.eval_on_selector_all("[name=csrfmiddlewaretoken]", "fields => fields.forEach(field => field.remove())")
    page.click(".language-switch button")
    page.wait_for_selector("body.error-page")

    assert unexpected(signed_in.problems) == []


def test_what_has_the_nonce_runs_and_what_was_smuggled_in_does_not(watched, live_server, settings):
    settings.ROOT_URLCONF = __name__
    page = watched.page

    page.goto(f"{live_server.url}/inline/")
    assert page.title() == "ran"
    assert page.eval_on_selector("p", "element => getComputedStyle(element).color") == "rgb(1, 2, 3)"
    assert unexpected(watched.problems) == []

    page.goto(f"{live_server.url}/forged/")
    assert page.title() == "t"
    assert page.eval_on_selector("p", "element => getComputedStyle(element).color") != "rgb(1, 2, 3)"
    stopped = " ".join(watched.problems)
    assert "script-src-elem stopped inline" in stopped
    assert "style-src-attr stopped inline" in stopped
    assert wait_until(AuditLog.objects.filter(action="security.csp.violation", details__blocked="inline").exists, 10)


@pytest.mark.parametrize("text", HOSTILE)
def test_cleaned_rich_text_is_read_by_a_browser_as_it_was_meant(watched, live_server, settings, text):
    watched.page.goto(f"{live_server.url}/admin/login/")
    found = watched.page.evaluate(READ, str(sanitize_input(text)))

    assert {tag for tag, _names in found} <= ALLOWED_TAGS
    assert {name for _tag, names in found for name in names} <= {"href"}
    assert watched.problems == []
