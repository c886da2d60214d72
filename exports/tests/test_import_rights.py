"""Who imports what, and from which files."""

import csv
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Candidate
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff
from exports.tests.importing import BEGIN, as_xlsx, browser, confirm, refusal, run, send, shown, undo
from plans.models import Stage
from plans.testing import make_plan
from plans.tests.test_tester_pages import with_macros

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return browser(make_staff(Role.OWNER))


KINDS = {
    "candidates": {Role.OWNER},
    "plans": {Role.OWNER, Role.RELEASE_MANAGER},
    "testers": {Role.OWNER, Role.RELEASE_MANAGER},
    "campaigns": {Role.OWNER, Role.RELEASE_MANAGER},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("role", list(Role))
def test_each_role_imports_what_it_may_add_and_change(kind, role):
    client = browser(make_staff(role))
    status = 200 if role in KINDS[kind] else 403

    assert client.get(f"{BEGIN}{kind}").status_code == status
    assert send(client, kind, ["code"], ["a"]).status_code == status
    assert client.get(f"{BEGIN}{kind}/template.csv").status_code == status


@pytest.mark.parametrize("kind", KINDS)
def test_a_release_manager_exports_what_concerns_plans_and_no_candidates(kind):
    client = browser(make_staff(Role.RELEASE_MANAGER))

    status = client.get("/admin/exports/create", {"dataset": kind}).status_code

    assert status == (403 if kind == "candidates" else 200)


@pytest.mark.parametrize("kind", KINDS)
def test_the_second_factor_must_have_been_shown_lately(kind):
    client = browser(make_staff(Role.OWNER), factor_age_seconds=15 * 60)

    for response in (client.get(f"{BEGIN}{kind}"), send(client, kind, ["code"], ["a"])):
        assert response["Location"].startswith("/admin/second-factor/verify")


def test_an_import_is_seen_and_undone_by_whom_it_concerns(owner):
    done = run(owner, "candidates", ["code", "name"], ["a", "Ali"]).context["done"]
    address = reverse("exports:import-done", args=[done.pk])
    limited = browser(make_staff(Role.OWNER, candidates=[]))

    assert browser(make_staff(Role.AUDITOR)).get(address).status_code == 200
    for client in (limited, browser(make_staff(Role.SUPPORT))):
        assert client.get(address).status_code == 404
        assert client.post(f"{address}/undo").status_code == 404
    undo(browser(make_staff(Role.AUDITOR)), done)
    assert Candidate.objects.exists()
    assert owner.get(reverse("admin:exports_dataimport_change", args=[done.pk]))["Location"] == address
    assert "list.csv" in owner.get(reverse("admin:exports_dataimport_changelist")).content.decode()


def test_limited_staff_import_within_their_scope_only():
    mine, other = make_candidate("mine", city="tehran"), make_candidate("other", city="isfahan")
    client = browser(make_staff(Role.OWNER, regions=[mine.region]))
    rows = [["code", "name", "city"], ["mine", "Mine", "tehran"], ["other", "Theirs", "tehran"]]
    rows += [["new-1", "New", "isfahan"], ["mine-2", "New", "tehran"]]

    preview = send(client, "candidates", *rows)

    outcomes = {line: outcome for line, outcome, _problems in shown(preview)}
    assert outcomes == {2: "changed", 3: "wrong", 4: "wrong", 5: "new"}
    assert "This code is taken." in str(shown(preview)[1])
    moved = send(client, "candidates", ["code", "city"], ["mine", "isfahan"])
    assert shown(moved)[0][1] == "wrong"
    run(client, "candidates", rows[0], rows[1], rows[4])
    other.refresh_from_db()
    assert other.name == "other"
    make_plan("gold", stage=Stage.DRAFT)
    testers = send(client, "testers", ["plan_code", "candidate_code"], ["gold", "other"])
    assert shown(testers)[0][1] == "wrong"
    assert client.get(f"{BEGIN}campaigns").status_code == 403


def test_contact_columns_need_their_permission():
    user = make_staff(Role.OWNER)
    user.groups.get().permissions.remove(*user.groups.get().permissions.filter(codename="view_contact"))
    client = browser(user)

    response = send(client, "candidates", ["code", "name", "phone"], ["a", "Ali", "0912"])

    assert "You may not see what stands in the column “phone”" in refusal(response)
    assert "Phone" not in client.get(f"{BEGIN}candidates").content.decode()


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (SimpleUploadedFile("list.csv", b"code\n"), "no rows"),
        (SimpleUploadedFile("list.csv", b"name\nAli\n"), "no column “Candidate's code”"),
        (SimpleUploadedFile("list.csv", "code,کد\n1,2\n".encode()), "twice"),
        (SimpleUploadedFile("list.csv", b"MZ\x00\x01"), "characters that no text has"),
        (SimpleUploadedFile("list.xlsx", b"PK\x03\x04broken"), "damaged"),
        (SimpleUploadedFile("list.csv", b"<html>"), "no CSV file"),
    ],
)
def test_files_that_are_no_list_are_refused_in_words(owner, file, words):
    assert words in refusal(send(owner, "candidates", file=file))


def test_a_workbook_with_macros_is_refused(owner):
    plain = as_xlsx(["code", "name"], ["a", "Ali"]).read()

    response = send(owner, "candidates", file=SimpleUploadedFile("list.xlsx", with_macros(plain)))

    assert "macros" in refusal(response)


def test_more_rows_than_may_be_are_refused(owner):
    response = send(owner, "candidates", ["code", "name"], *[[f"c{number}", "x"] for number in range(5001)])

    assert "more than" in refusal(response)


def test_words_of_a_file_stay_words_on_the_page(owner):
    page = send(owner, "candidates", ["code", "name"], ["a", "<script>alert(1)</script>"]).content.decode()

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("language", ["fa", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_template_has_headings_that_are_understood(kind, language):
    client = browser(make_staff(Role.OWNER), language)

    text = client.get(f"{BEGIN}{kind}/template.csv").getvalue().decode("utf-8-sig")
    book = load_workbook(io.BytesIO(client.get(f"{BEGIN}{kind}/template.xlsx").getvalue()))

    headings = next(csv.reader([text]))
    assert [cell.value for cell in book.active[1]] == headings
    preview = send(client, kind, headings, ["x"] * len(headings))
    assert preview.context["judgement"].ignored == ()


@pytest.mark.parametrize("language", ["fa", "en"])
def test_the_pages_keep_the_strict_content_policy(language):
    client = browser(make_staff(Role.OWNER), language)
    preview = send(client, "candidates", ["code", "name"], ["a", "Ali"])
    pages = [client.get(f"{BEGIN}candidates"), preview, confirm(client, "candidates", preview)]

    for page in pages:
        html = page.content.decode()
        content = html[html.index('id="content-main"') :].partition("<footer")[0]
        assert f'dir="{"rtl" if language == "fa" else "ltr"}"' in html
        assert not re.search(r"\s(style|on\w+)=", content)


def test_the_lists_have_buttons_for_who_may_use_them(owner):
    lists = {"candidates": "accounts_candidate", "plans": "plans_plan", "testers": "plans_betatester"}
    lists["campaigns"] = "plans_discountcampaign"
    for kind, name in lists.items():
        page = owner.get(reverse(f"admin:{name}_changelist")).content.decode()
        assert f'href="{BEGIN}{kind}"' in page
        assert f'href="/admin/exports/create?dataset={kind}"' in page
        seen = browser(make_staff(Role.AUDITOR)).get(reverse(f"admin:{name}_changelist")).content.decode()
        assert f"{BEGIN}{kind}" not in seen
