import datetime as dt
import re
import shlex
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.management import get_commands, load_command_class
from django.urls import reverse

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from exports import views
from exports.management.filter_options import filters_from
from exports.tests.samples import SEEN, make_bot, make_person, read_csv, read_xlsx

pytestmark = [pytest.mark.usefixtures("repeatable_read"), pytest.mark.django_db]
URL = "/admin/exports/bot-users"


def open_page(client, query=None, *, language="en"):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client.get(f"{URL}?{urlencode(query or {})}")


def download(client, query=None, *, language="en", **form):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    response = client.post(f"{URL}?{urlencode(query or {})}", {"format": "csv", "purpose": "test", **form})
    if not response.streaming:
        return response, []
    data = b"".join(response.streaming_content)
    return response, read_csv(data) if response["Content-Type"].startswith("text/csv") else read_xlsx(data)


def numbers(rows) -> set[int]:
    return {int(row[0]) for row in rows[1:]}


@pytest.fixture
def client_of_owner():
    return sign_in(make_staff(Role.OWNER))


def make_varied_people():
    tehran, isfahan = make_bot("tehran-1"), make_bot("isfahan-1", city="isfahan")
    early = SEEN - dt.timedelta(days=30)
    make_person(tehran, 1, city="tehran", source="poster")
    make_person(tehran, 2, city="karaj", source="", is_blocked=True)
    make_person(isfahan, 3, city="", source="poster", first_seen_at=early)
    make_person(isfahan, 4, city="isfahan", first_name="Shirin", first_seen_at=early, last_seen_at=early)
    return tehran, isfahan


@pytest.mark.parametrize("method", ["get", "post"])
def test_only_verified_staff_with_both_permissions_get_in(method):
    can_list = Permission.objects.get(codename="view_botuser")
    lister, exporter = make_staff(), make_staff()
    lister.user_permissions.add(can_list)
    exporter.user_permissions.add(Permission.objects.get(codename="export_botuser"))
    for user in (lister, exporter, make_staff(Role.SUPPORT), make_staff(Role.AUDITOR)):
        assert getattr(sign_in(user), method)(URL).status_code == 403
    owner = make_staff(Role.OWNER)
    assert getattr(sign_in(owner, verified=False), method)(URL).status_code == 302
    assert getattr(sign_in(owner), method)(URL).status_code == 200


def test_the_address_works_with_and_without_a_final_slash(client_of_owner):
    assert reverse("exports:bot-users") == URL
    assert client_of_owner.get(f"{URL}/").status_code == 200


FILTERS = [
    ({}, {1, 2, 3, 4}),
    ({"bot__id__exact": "tehran"}, {1, 2}),
    ({"bot__candidate__id__exact": "isfahan"}, {3, 4}),
    ({"source": "poster"}, {1, 3}),
    ({"source": "-"}, {2, 4}),
    ({"city": "karaj"}, {2}),
    ({"city": "-"}, {3}),
    ({"is_blocked__exact": "1"}, {2}),
    ({"is_blocked__exact": "0"}, {1, 3, 4}),
    ({"first_seen_at__from": "1404/09/01"}, {1, 2}),
    ({"first_seen_at__to": "2025-11-21"}, {3, 4}),
    ({"last_seen_at__from": "۱۴۰۴/۰۹/۰۱", "last_seen_at__to": "1404/09/01"}, {1, 2, 3}),
    ({"q": "shirin"}, {4}),
    ({"source": "poster", "is_blocked__exact": "0", "first_seen_at__to": "2025-11-21"}, {3}),
    ({"source": "nowhere"}, set()),
]


@pytest.mark.parametrize(("query", "expected"), FILTERS)
def test_each_filter_of_the_list_exports_exactly_its_people(client_of_owner, query, expected):
    bots = dict(zip(("tehran", "isfahan"), make_varied_people(), strict=True))
    for name, value in query.items():
        if name.startswith("bot__"):
            query = {name: bots[value].pk if name == "bot__id__exact" else bots[value].candidate_id}
    listed = client_of_owner.get(reverse("admin:bots_botuser_changelist"), query)
    assert {person.platform_user_id for person in listed.context["cl"].queryset} == expected
    assert open_page(client_of_owner, query).context["count"] == len(expected)
    _response, rows = download(client_of_owner, query)
    assert numbers(rows) == expected
    # The command that the page would show means the same people.
    if selection_filters := open_page(client_of_owner, query).context["selection"].filters:
        parser = load_command_class(get_commands()["export_bot_users"], "export_bot_users").create_parser("", "")
        options = vars(parser.parse_args(["--output=-", *selection_filters.options()]))
        assert filters_from(options) == selection_filters
    else:
        assert "q" in query


@pytest.mark.parametrize("language", ["en", "fa"])
def test_the_page_tells_filters_in_words(client_of_owner, language):
    make_varied_people()
    query = {"city": "karaj", "is_blocked__exact": "1", "first_seen_at__from": "1404/09/01", "q": "Name"}
    response = open_page(client_of_owner, query, language=language)
    words = [value for _title, value in response.context["selection"].words]
    assert words[:2] == ["Name", "Karaj" if language == "en" else "کرج"]
    assert words[3] == "1404/09/01"
    html = response.content.decode()
    assert f'dir="{"ltr" if language == "en" else "rtl"}"' in html
    content = html[html.index('<div id="content-main">') :]
    assert "<script" not in content.partition("</form>")[0]
    assert not re.search(r"\s(style|on\w+)=", content.partition("</form>")[0])


@pytest.mark.parametrize("query", [{"first_seen_at__from": "nonsense"}, {"bot__id__exact": "x"}, {"no_field": "1"}])
@pytest.mark.parametrize("method", ["get", "post"])
def test_filters_that_cannot_be_understood_lead_back_with_a_message(client_of_owner, query, method):
    make_varied_people()
    client_of_owner.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    response = getattr(client_of_owner, method)(f"{URL}?{urlencode(query)}", follow=True)
    assert response.redirect_chain[0] == (reverse("admin:bots_botuser_changelist"), 302)
    assert "nothing was exported" in response.content.decode()


def test_no_match_is_told_and_still_gives_a_file_with_headings(client_of_owner):
    assert "No row matches" in open_page(client_of_owner).content.decode()
    for format in ("csv", "xlsx"):
        response, rows = download(client_of_owner, format=format)
        assert response.status_code == 200
        assert len(rows) == 1


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_the_answer_is_an_attachment_that_nobody_stores(client_of_owner, format, time_machine):
    time_machine.move_to(SEEN, tick=False)
    client = sign_in(make_staff(Role.OWNER))
    make_person(make_bot(), 1)
    response, rows = download(client, format=format, language="fa")
    assert response["Content-Disposition"] == f'attachment; filename="bot-users-1404-09-01-1430.{format}"'
    assert "no-store" in response["Cache-Control"]
    assert len(rows) == 2
    assert download(client, format=format)[0]["Content-Disposition"].endswith(f'"bot-users-2025-11-22-1430.{format}"')


def test_phones_come_only_with_the_permission(client_of_owner):
    make_person(make_bot(), 1, phone="09127005026")
    user = make_staff()
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_botuser", "export_botuser"]))
    blind = sign_in(user)
    page = open_page(blind).content.decode()
    assert 'name="with_phones"' not in page
    assert "Phone numbers are left out" in page
    _response, rows = download(blind, with_phones="on", purpose="curiosity")
    assert "Phone" not in rows[0]
    assert "09127005026" not in str(rows)
    assert 'name="with_phones"' in open_page(client_of_owner).content.decode()
    _response, rows = download(client_of_owner)
    assert "Phone" not in rows[0]
    _response, rows = download(client_of_owner, with_phones="on", purpose="meeting")
    assert rows[1][rows[0].index("Phone")] == "09127005026"


def test_people_ask_for_the_second_factor_again_when_it_was_shown_long_ago():
    owner = make_staff(Role.OWNER)
    stale = sign_in(owner, factor_age_seconds=15 * 60)

    response, _rows = download(stale)

    assert response["Location"].startswith("/admin/second-factor/verify?next=%2Fadmin%2Fexports%2Fbot-users")
    assert not AuditLog.objects.filter(action__startswith="exports").exists()
    response, _rows = download(sign_in(owner), with_phones="on", purpose="meeting")
    assert response.status_code == 200


def test_people_need_a_purpose(client_of_owner):
    response, _rows = download(client_of_owner, purpose=" ")
    assert "Say what the personal data is needed for" in response.content.decode()


def test_limited_staff_export_their_candidates_people_only():
    tehran, isfahan = make_varied_people()
    client = sign_in(make_staff(Role.DATA_OFFICER, candidates=[tehran.candidate]))
    assert numbers(download(client)[1]) == {1, 2}
    assert numbers(download(client, {"bot__id__exact": isfahan.pk})[1]) <= {1, 2}
    assert numbers(download(client, {"bot__slug": isfahan.slug})[1]) <= {1, 2}
    assert numbers(download(sign_in(make_staff(Role.DATA_OFFICER, candidates=[])))[1]) == set()


def test_the_download_is_audited_with_its_filters_and_without_the_search(client_of_owner):
    make_varied_people()
    download(client_of_owner, {"city": "karaj", "q": "Shirin"})
    row = AuditLog.objects.get(action="exports.bot_users.export")
    assert row.details["filters"] == {"city": "karaj", "q": "(not told)"}
    assert row.actor_id
    assert row.address == "127.0.0.1"


def test_beyond_the_limit_the_page_shows_the_command_instead(client_of_owner, monkeypatch):
    monkeypatch.setattr(views, "MAXIMUM_ROWS", 1)
    tehran, _isfahan = make_varied_people()
    query = {"bot__id__exact": tehran.pk, "first_seen_at__from": "1404/09/01", "p": "0", "o": "-1"}
    page = open_page(client_of_owner, query)
    words = shlex.split(page.context["command"])
    assert words[:2] == ["manage.py", "export_bot_users"]
    assert words[3:] == ["--bot=tehran-1", "--first-seen-from=2025-11-22", "--language=en"]
    assert 'type="submit" class="default"' not in page.content.decode()
    assert f'href="{reverse("exports:create")}"' in page.content.decode()
    response, rows = download(client_of_owner, query)
    assert (response.status_code, rows) == (200, [])
    assert open_page(client_of_owner, {"q": "Name"}).context["command"] == ""


def test_the_command_says_what_a_limited_reader_may_see(monkeypatch):
    monkeypatch.setattr(views, "MAXIMUM_ROWS", 1)
    tehran, _isfahan = make_varied_people()
    make_candidate("third")
    client = sign_in(make_staff(Role.DATA_OFFICER, candidates=[tehran.candidate]))
    assert f"--candidate={tehran.candidate.code}" in open_page(client).context["command"]


def test_the_list_has_the_button_for_those_who_may_export():
    make_person(make_bot(), 1)
    listing = reverse("admin:bots_botuser_changelist")
    assert (
        f'href="{URL}?city=tehran"' in sign_in(make_staff(Role.OWNER)).get(listing, {"city": "tehran"}).content.decode()
    )
    assert URL not in sign_in(make_staff(Role.SUPPORT)).get(listing).content.decode()
