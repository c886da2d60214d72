"""The pages of beta testers, over HTTP."""

import io
import zipfile

import pytest
import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.translation import override
from openpyxl import Workbook

from accounts.models import Candidate
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from plans.models import BetaTester, Stage, Subscription
from plans.services import add_beta_tester, add_beta_testers, enable_plan, remove_beta_tester
from plans.testing import make_plan

pytestmark = pytest.mark.django_db
LIST = "/admin/beta-testers"
ADD = "/admin/beta-testers/add"
MACROS = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"


@pytest.fixture
def plan():
    return make_plan("standard", stage=Stage.DRAFT)


@pytest.fixture
def manager():
    return browser(make_staff(Role.RELEASE_MANAGER))


def browser(user, language="en"):
    client = sign_in(user)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


def remove_page(tester):
    return f"/admin/beta-testers/{tester.pk}/remove"


def send(client, plan, **fields):
    return client.post(ADD, {"plan": plan.pk, **fields}, follow=True)


def send_file(client, plan, content, name="testers.csv"):
    return send(client, plan, file=SimpleUploadedFile(name, content))


def confirm(client, plan, preview):
    """Send what the preview of a list offers to confirm."""
    page, listed = preview.content.decode(), preview.context["listed"]
    assert 'name="confirm"' in page
    assert f'name="listed" hidden>{listed}</textarea>' in page
    return send(client, plan, listed=listed, note=preview.context["note"], confirm="1")


def shown(response):
    """The candidates that a preview would add, those who are in already, and what it says of wrong lines."""
    assert not AuditLog.objects.filter(action="plans.beta_tester.add", actor_id__isnull=False).exists()
    preview = response.context["preview"]
    codes = [[candidate.code for candidate in group] for group in (preview.new, preview.already)]
    return (*codes, response.context["problems"])


def refusals(response):
    """Each word of the form's errors; nobody may have been added."""
    assert not BetaTester.objects.exists()
    with override("en"):
        return [str(error) for errors in response.context["form"].errors.values() for error in errors]


def told(response):
    return [str(message) for message in response.context["messages"]]


def present_codes():
    return sorted(BetaTester.objects.filter(left_at=None).values_list("candidate__code", flat=True))


def workbook(*rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def with_macros(content):
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(written, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "[Content_Types].xml":
                usual = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
                assert usual in part
                part = part.replace(usual, MACROS.encode())
            new.writestr(name, part)
        new.writestr("xl/vbaProject.bin", b"x")
    return written.getvalue()


# The list


def test_the_list_shows_each_plans_cohort_and_when_people_came_and_left(plan):
    with time_machine.travel("2025-11-22T09:00Z", tick=False):
        add_beta_tester(candidate=make_candidate("reza", name="Reza"), plan_code="standard", actor=None)
        sara = add_beta_tester(candidate=make_candidate("sara", name="Sara"), plan_code="standard", actor=None)
    with time_machine.travel("2025-12-22T09:00Z", tick=False):
        remove_beta_tester(tester_id=sara.pk, reason="Moved away", actor=None)

    page = browser(make_staff(Role.OWNER), "fa").get(LIST).content.decode()

    assert "1404/09/01 12:30" in page
    assert "1404/10/01 12:30" in page
    assert "Moved away" in page
    assert '<span class="card-number">1</span>' in page


def test_the_list_is_narrowed_by_plan_and_by_who_is_still_there(plan, manager):
    other = make_plan("premium", stage=Stage.DRAFT)
    sara = add_beta_tester(candidate=make_candidate("sara"), plan_code="standard", actor=None)
    reza = add_beta_tester(candidate=make_candidate("reza"), plan_code="premium", actor=None)
    remove_beta_tester(tester_id=sara.pk, reason="over", actor=None)

    def shown(query):
        return [tester.pk for tester in manager.get(LIST, query).context["cl"].queryset]

    assert shown({"plan__id__exact": other.pk}) == [reza.pk]
    assert shown({"present": "yes"}) == [reza.pk]
    assert shown({"present": "no"}) == [sara.pk]
    assert shown({"q": "sara"}) == [sara.pk]


def test_the_list_tells_who_has_bought(plan, manager):
    sara, reza = make_candidate("sara"), make_candidate("reza")
    add_beta_testers(candidates=[sara, reza], plan_code="standard", actor=None)
    Subscription.objects.create(plan=plan, candidate=sara, price_rials=1)

    rows = manager.get(LIST).context["cl"].queryset
    assert {row.candidate.code: row.bought for row in rows} == {"sara": True, "reza": False}


def test_the_admins_home_leads_to_the_list(manager):
    assert "/admin/plans/betatester/" in manager.get("/admin/").content.decode()
    assert manager.get("/admin/plans/betatester/").status_code == 200


@pytest.mark.parametrize("address", [LIST, ADD])
def test_an_address_may_end_with_a_slash(manager, address):
    assert manager.get(address).status_code == manager.get(f"{address}/").status_code == 200


# Adding


def test_one_candidate_is_added_by_hand(plan, manager):
    sara = make_candidate("sara")
    response = send(manager, plan, candidate=sara.pk, note="Asked for it")

    assert told(response) == ["1 candidate tests Standard now."]
    assert (present_codes(), BetaTester.objects.get().note) == (["sara"], "Asked for it")
    plan.refresh_from_db()
    assert plan.stage == Stage.BETA


def test_candidates_are_found_as_one_types(manager):
    make_candidate("sara", name="Sara")
    query = {"app_label": "plans", "model_name": "betatester", "field_name": "candidate", "term": "sar"}
    assert [found["text"] for found in manager.get("/admin/autocomplete/", query).json()["results"]] == ["Sara"]


def test_a_pasted_list_may_hold_codes_and_names(plan, manager):
    make_candidate("sara-12")
    make_candidate("reza", name="رضا کریمی")  # with Persian letters
    make_candidate("mina")
    add_beta_tester(candidate=make_candidate("old"), plan_code="standard", actor=None)

    preview = send(manager, plan, listed="SARA-۱۲\r\n\r\n  رضا\u200cكريمي \nmina\nmina\nold", note="Asked")

    assert shown(preview) == (["sara-12", "reza", "mina"], ["old"], [])
    assert present_codes() == ["old"]
    assert told(confirm(manager, plan, preview)) == ["3 candidates test Standard now."]
    assert present_codes() == ["mina", "old", "reza", "sara-12"]
    assert BetaTester.objects.get(candidate__code="mina").note == "Asked"


def test_lines_that_name_nobody_are_told_and_the_others_are_added_on_confirm(plan, manager):
    make_candidate("sara")
    make_candidate("twin-1", name="Ali")
    make_candidate("twin-2", name="Ali")

    preview = send(manager, plan, listed="sara\nnobody\n\nAli\n<b>x</b>")

    new, _already, words = shown(preview)
    assert new == ["sara"]
    assert words == [
        "Line 2: no candidate has the code or name “\u2068nobody\u2069”.",
        "Line 4: several candidates are called “\u2068Ali\u2069”. Write the code.",
        "Line 5: no candidate has the code or name “\u2068<b>x</b>\u2069”.",
    ]
    assert not BetaTester.objects.exists()
    confirm(manager, plan, preview)
    assert present_codes() == ["sara"]


def test_a_list_that_names_nobody_is_refused_at_its_field(plan, manager):
    assert refusals(send(manager, plan, listed="nobody")) == [
        "This list names nobody.",
        "Line 1: no candidate has the code or name “\u2068nobody\u2069”.",
    ]


def test_a_list_of_those_who_are_in_already_has_nothing_to_confirm(plan, manager):
    add_beta_tester(candidate=make_candidate("sara"), plan_code="standard", actor=None)

    preview = send(manager, plan, listed="sara")

    assert shown(preview) == ([], ["sara"], [])
    assert 'name="confirm"' not in preview.content.decode()


def test_what_is_confirmed_is_read_again(plan, manager):
    make_candidate("sara")
    make_candidate("reza")
    preview = send(manager, plan, listed="sara\nreza")
    Candidate.objects.filter(code="sara").update(code="other", name="Other")

    again = confirm(manager, plan, preview)

    assert shown(again)[0] == ["reza"]
    assert len(shown(again)[2]) == 1
    assert not BetaTester.objects.exists()


def test_a_plan_that_went_on_sale_meanwhile_takes_nobody(plan, manager):
    make_candidate("sara")
    preview = send(manager, plan, listed="sara")
    enable_plan(plan_code="standard", enabled_by=None, reason="x")

    assert refusals(confirm(manager, plan, preview))


def test_many_unknown_lines_are_counted(plan, manager):
    words = refusals(send(manager, plan, listed="\n".join(f"x{number}" for number in range(25))))
    assert len(words) == 22  # that it names nobody, twenty lines, and how many more
    assert words[-1] == "5 further lines name no one candidate either."


def test_a_list_of_more_than_a_thousand_is_refused(plan, manager):
    assert refusals(send(manager, plan, listed="x\n" * 1001)) == ["This list has more than 1000 lines."]


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffکد,نام\r\nsara-۱۲,سارا\r\nreza-۷,رضا\r\n".encode(),
        "name;code\nSara;sara-12\nReza;REZA-٧\n".encode(),
        "نام\tکد\r\nسارا\tsara-12\r\nرضا\treza-7\r\n".encode("utf-16"),
        b"sara-12\nreza-7",
        workbook(["نام", "کد نامزد"], ["سارا", "sara-۱۲"], [], ["رضا", "reza-7"]),
        workbook(["sara-12", "x"], ["reza-7"]),
    ],
)
def test_files_as_people_save_them_are_read(plan, manager, content):
    make_candidate("sara-12")
    make_candidate("reza-7")
    assert told(confirm(manager, plan, send_file(manager, plan, content))) == ["2 candidates test Standard now."]
    assert present_codes() == ["reza-7", "sara-12"]


def test_codes_that_are_numbers_in_excel_are_read(plan, manager):
    make_candidate("1204")
    confirm(manager, plan, send_file(manager, plan, workbook(["code"], [1204]), "list.xlsx"))
    assert present_codes() == ["1204"]


def test_a_files_unknown_code_is_told_with_its_line(plan, manager):
    make_candidate("sara")
    words = shown(send_file(manager, plan, "کد\nsara\nغریبه\n".encode("utf-8-sig")))[2]
    assert words == ["Line 3: no candidate has the code or name “\u2068غریبه\u2069”."]


@pytest.mark.parametrize(
    ("content", "code"),
    [(with_macros(workbook(["code"], ["sara"])), "macros"), (b"%PDF-1.7\n", "not-csv"), (b"", "empty")],
)
def test_other_files_are_refused_whatever_they_are_called(plan, manager, content, code):
    make_candidate("sara")
    response = send_file(manager, plan, content, "list.xlsx")
    assert refusals(response)
    assert response.context["form"].errors.as_data()["file"][0].code == code


def test_a_list_of_a_heading_alone_is_refused(plan, manager):
    assert refusals(send_file(manager, plan, b"code\n")) == ["This list names nobody."]


@pytest.mark.parametrize("sources", [{}, {"listed": "sara", "candidate": "one"}])
def test_one_way_of_naming_candidates_is_chosen(plan, manager, sources):
    sara = make_candidate("sara")
    fields = {name: sara.pk if value == "one" else value for name, value in sources.items()}
    assert "one of the three" in " ".join(refusals(send(manager, plan, **fields)))


def test_only_plans_that_can_be_tested_are_offered(plan, manager):
    closed = make_plan("basic", stage=Stage.AVAILABLE)
    page = manager.get(ADD)
    assert list(page.context["form"].fields["plan"].queryset) == [plan]
    assert refusals(send(manager, closed, candidate=make_candidate().pk))


def test_the_plan_that_the_list_is_narrowed_to_is_chosen_already(plan, manager):
    add_beta_tester(candidate=make_candidate(), plan_code="standard", actor=None)
    page = manager.get(LIST, {"plan__id__exact": plan.pk}).content.decode()
    assert f"{ADD}?plan__id__exact={plan.pk}" in page
    assert f'<option value="{plan.pk}" selected>' in manager.get(ADD, {"plan__id__exact": plan.pk}).content.decode()


# Removing


def test_removing_asks_first_and_then_is_done_with_its_reason(plan, manager):
    tester = add_beta_tester(candidate=make_candidate("sara", name="Sara"), plan_code="standard", actor=None)
    page = manager.get(remove_page(tester))
    assert (page.status_code, present_codes()) == (200, ["sara"])

    assert "reason" in manager.post(remove_page(tester), {}).context["form"].errors
    assert present_codes() == ["sara"]

    response = manager.post(remove_page(tester) + "/", {"reason": "Moved away"}, follow=True)
    assert told(response) == ["Sara doesn't test Standard any more."]
    tester.refresh_from_db()
    assert (present_codes(), tester.exit_reason) == ([], "Moved away")


def test_who_left_already_is_not_removed_again(plan, manager):
    tester = add_beta_tester(candidate=make_candidate("sara"), plan_code="standard", actor=None)
    remove_beta_tester(tester_id=tester.pk, reason="over", actor=None)

    assert remove_page(tester) not in manager.get(LIST).content.decode()
    response = manager.post(remove_page(tester), {"reason": "again"}, follow=True)
    assert "any more" in told(response)[0]
    tester.refresh_from_db()
    assert tester.exit_reason == "over"


# Who may


@pytest.mark.parametrize(
    ("role", "may_look", "may_change"),
    [
        (Role.OWNER, True, True),
        (Role.RELEASE_MANAGER, True, True),
        (Role.AUDITOR, True, False),
        (Role.SUPPORT, True, False),
        (Role.DATA_OFFICER, True, False),
        (Role.OPERATIONS, False, False),
    ],
)
def test_roles(plan, role, may_look, may_change):
    candidate = make_candidate("sara")
    tester = add_beta_tester(candidate=candidate, plan_code="standard", actor=None)
    client = browser(make_staff(role))

    page = client.get(LIST)
    assert (page.status_code == 200) is may_look
    assert (remove_page(tester) in page.content.decode()) is may_change
    assert (ADD in page.content.decode()) is may_change
    assert (client.get(ADD).status_code == 200) is may_change
    assert (client.get(remove_page(tester)).status_code == 200) is may_change
    if not may_change:
        assert client.post(ADD, {"plan": plan.pk, "listed": make_candidate("reza").code}).status_code == 403
        assert client.post(remove_page(tester), {"reason": "x"}).status_code == 403
        assert present_codes() == ["sara"]


def test_limited_staff_see_and_name_their_own_candidates_only(plan):
    own, other = make_candidate("own", name="Own"), make_candidate("other", name="Other")
    [_mine, foreign] = add_beta_testers(candidates=[own, other], plan_code="standard", actor=None).added
    second = make_plan("premium", stage=Stage.DRAFT)
    client = browser(make_staff(Role.RELEASE_MANAGER, candidates=[own]))

    page = client.get(LIST)
    assert [tester.candidate for tester in page.context["cl"].queryset] == [own]
    assert [cohort["size"] for cohort in page.context["cohorts"]] == [1]
    assert client.get(remove_page(foreign)).status_code == 404
    assert client.post(remove_page(foreign), {"reason": "x"}).status_code == 404
    # As if there were no such candidate.
    words = client.post(ADD, {"plan": second.pk, "listed": "own\nother"}).context["problems"]
    assert words == ["Line 2: no candidate has the code or name “\u2068other\u2069”."]
    assert client.post(ADD, {"plan": second.pk, "candidate": other.pk}).context["form"].errors["candidate"]
    assert not second.testers.exists()
    client.post(ADD, {"plan": second.pk, "listed": "other", "confirm": "1"})
    assert not second.testers.exists()
    client.post(ADD, {"plan": second.pk, "listed": "own", "confirm": "1"})
    assert [tester.candidate for tester in second.testers.all()] == [own]


def test_only_signed_in_staff_with_a_second_factor_get_there(client, plan):
    assert client.get(ADD).status_code == 302
    half = sign_in(make_staff(Role.OWNER), verified=False)
    assert half.post(ADD, {"plan": plan.pk, "listed": make_candidate("sara").code}).status_code == 302
    assert not BetaTester.objects.exists()
