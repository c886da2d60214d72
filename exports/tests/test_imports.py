"""Importing lists on the admin's pages: what they hold, and what the preview says."""

import pytest
import time_machine

from accounts.models import Candidate
from accounts.roles import Role
from accounts.services import update_candidate
from accounts.testing import make_candidate, make_staff
from audit.models import AuditLog
from exports.models import DataImport
from exports.tests.importing import as_csv, as_xlsx, browser, confirm, run, send, shown
from plans.models import BetaTester, DiscountCampaign, Plan, Stage
from plans.testing import make_campaign, make_plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return browser(make_staff(Role.OWNER))


CANDIDATES = [
    (["code", "name", "city", "phone"], ["reza", "Reza", "isfahan", "09127005026"]),
    (["کد", "نام", "شهر", "تلفن"], ["reza", "Reza", "اصفهان", "۰۹۱۲۷۰۰۵۰۲۶"]),
    (["Candidate's code", "Candidate", "City", "Phone"], ["reza", "Reza", "Isfahan", "09127005026"]),
]


@pytest.mark.parametrize("as_file", [as_csv, as_xlsx])
@pytest.mark.parametrize(("headings", "row"), CANDIDATES)
def test_candidates_come_with_headings_and_digits_of_either_language(owner, as_file, headings, row):
    run(owner, "candidates", file=as_file(headings, row))

    candidate = Candidate.objects.get(code="reza")
    assert (candidate.name, candidate.city, candidate.phone) == ("Reza", "isfahan", "09127005026")
    assert candidate.region != ""
    assert AuditLog.objects.filter(action="accounts.candidate.add", object_id=str(candidate.pk)).count() == 1


@pytest.mark.parametrize("as_file", [as_csv, as_xlsx])
@pytest.mark.parametrize(
    "headings",
    [
        ["code", "name_fa", "name_en", "price_rials", "entitlements"],
        ["کد", "نام فارسی", "نام انگلیسی", "قیمت", "امکانات"],
    ],
)
def test_plans_come_as_drafts(owner, as_file, headings):
    row = ["gold", "طلایی", "Gold", "۵٬۰۰۰٬۰۰۰", '{"people": 5000}']

    run(owner, "plans", file=as_file(headings, row))

    plan = Plan.objects.get(code="gold")
    assert (plan.name_fa, plan.price_rials, plan.entitlements) == ("طلایی", 5_000_000, {"people": 5000})
    assert plan.stage == Stage.DRAFT


@pytest.mark.parametrize("as_file", [as_csv, as_xlsx])
@pytest.mark.parametrize("headings", [["plan_code", "candidate_code", "note"], ["کد طرح", "کد نامزد", "یادداشت"]])
def test_testers_come_through_their_service(owner, as_file, headings):
    plan, _candidate = make_plan("gold", stage=Stage.DRAFT), make_candidate("reza")

    run(owner, "testers", file=as_file(headings, ["gold", "reza", "first"]))

    tester = BetaTester.objects.get()
    assert (tester.plan, tester.candidate.code, tester.note) == (plan, "reza", "first")
    plan.refresh_from_db()
    assert plan.stage == Stage.BETA


@pytest.mark.parametrize("as_file", [as_csv, as_xlsx])
@pytest.mark.parametrize(
    ("headings", "kind"),
    [
        (["name", "code", "kind", "value", "plans", "starts_at", "ends_at"], "percent"),
        (["نام", "کد تخفیف", "نوع", "مقدار", "طرح‌ها", "از", "تا"], "percent"),
    ],
)
@time_machine.travel("2025-11-22T09:00Z", tick=False)
def test_campaigns_come_with_jalali_dates(owner, as_file, headings, kind):
    make_plan("gold")
    make_plan("silver")

    row = ["Yalda", "YALDA", kind, "۲۰", "gold، silver", "۱۴۰۴/۰۹/۰۱ 14:30", "1404/10/01"]
    run(owner, "campaigns", file=as_file(headings, row))

    campaign = DiscountCampaign.objects.get()
    assert (campaign.value, campaign.uses_per_candidate) == (20, 1)
    assert campaign.starts_at.isoformat() == "2025-11-22T11:00:00+00:00"
    assert sorted(campaign.plans.values_list("code", flat=True)) == ["gold", "silver"]


def test_a_preview_tells_what_is_new_changed_and_unchanged_and_stores_nothing(owner):
    make_candidate("a", name="Ali")
    make_candidate("b", name="Babak")
    before = AuditLog.objects.count()

    preview = send(owner, "candidates", ["code", "name"], ["a", "Ali"], ["b", "Bahram"], ["c", "Sara"])

    assert shown(preview) == [
        (2, "unchanged", []),
        (3, "changed", [("Candidate", "Babak", "Bahram")]),
        (4, "new", [("Candidate's code", "", "c"), ("Candidate", "", "Sara")]),
    ]
    assert "Bahram" in preview.content.decode()
    assert list(Candidate.objects.order_by("code").values_list("name", flat=True)) == ["Ali", "Babak"]
    assert AuditLog.objects.count() == before
    assert not DataImport.objects.exists()


def test_former_phones_are_not_shown(owner):
    make_candidate("a", phone="09121112233")

    preview = send(owner, "candidates", ["code", "phone"], ["a", "09127005026"])

    assert shown(preview) == [(2, "changed", [("Phone", "•••", "09127005026")])]
    assert "09121112233" not in preview.content.decode()


def test_errors_name_line_and_column_and_nothing_is_stored(owner):
    make_candidate("known")
    rows = [
        ["code", "name", "city", "email", "phone"],
        ["ok", "Ok", "", "", ""],
        ["", "No code", "", "", ""],
        ["x1", "", "atlantis", "nobody", "-"],
        ["ok", "Again", "", "", ""],
        ["bad code!", "Name", "", "", ""],
        ["known", "", "", "", ""],
    ]

    preview = send(owner, "candidates", *rows)

    found = {line: problems for line, outcome, problems in shown(preview) if outcome == "wrong"}
    assert ("Candidate's code", "This must be filled in.") in found[3]
    assert {heading for heading, _words in found[4]} == {"Candidate", "City", "E-mail", "Phone"}
    assert found[5] == [("Candidate's code", "Line 2 is about the same.")]
    assert found[6][0][0] == "Candidate's code"
    assert found[7] == [("Candidate", "This must be filled in.")]
    assert not preview.context["may_confirm"]
    assert 'name="confirm"' not in preview.content.decode()
    confirm(owner, "candidates", preview)
    assert not Candidate.objects.filter(code="ok").exists()
    assert not DataImport.objects.exists()


@time_machine.travel("2025-11-22T09:00Z", tick=False)
def test_what_a_service_would_refuse_is_told_beforehand(owner):
    plan = make_plan("gold")
    make_plan("draft", stage=Stage.DRAFT)
    make_campaign(plan, code="OLD")
    make_candidate("reza")
    headings = ["name", "code", "kind", "value", "plans", "starts_at", "ends_at"]
    terms = ["gold", "1404/09/01", "1404/10/01"]

    campaigns = send(
        owner, "campaigns", headings,
        ["A", "AAA", "percent", "101", *terms],
        ["B", "old", "percent", "10", *terms],
        ["C", "CCC", "percent", "10", "nowhere", "1404/09/01", "tomorrow"],
        ["D", "DDD", "percent", "10", "gold", "1404/09/01", "1404/08/01"],
    )  # fmt: skip
    plans = send(owner, "plans", ["code", "price_rials", "entitlements"], ["gold", "7", ""], ["draft", "1", "{"])
    testers = send(owner, "testers", ["plan_code", "candidate_code"], ["gold", "reza"], ["draft", "nobody"])

    assert [outcome for _line, outcome, _problems in shown(campaigns)] == ["wrong"] * 4
    assert "No more than 100" in str(shown(campaigns)[0])
    assert "terms of a campaign" in str(shown(campaigns)[1])
    assert {heading for heading, _words in shown(campaigns)[2][2]} == {"Plans", "Until"}
    assert shown(campaigns)[3][2][0][0] == "Until"
    assert shown(plans)[0][2] == [("Price in rials", "What an existing plan costs is changed on its own page.")]
    assert "people" in str(shown(plans)[1])
    assert "on sale" in str(shown(testers)[0])
    assert shown(testers)[1][2][0][0] == "Candidate's code"


def test_a_column_that_is_not_there_stays_and_an_empty_cell_empties(owner):
    candidate = make_candidate("a", name="Ali", phone="09121112233")
    update_candidate(candidate_id=candidate.pk, constituency="North", actor=None)

    run(owner, "candidates", ["code", "constituency"], ["a", ""])

    candidate.refresh_from_db()
    assert (candidate.name, candidate.constituency, candidate.phone) == ("Ali", "", "09121112233")


def test_headings_that_no_column_has_are_left_aside_and_told(owner):
    preview = send(owner, "candidates", ["code", "name", "Region", "horoscope"], ["a", "Ali", "x", "lion"])

    assert preview.context["judgement"].ignored == ("Region", "horoscope")
    assert "horoscope" in preview.content.decode()


def test_text_like_a_formula_is_stored_as_text(owner):
    run(owner, "candidates", ["code", "name"], ["a", "=1+1"], ["b", "'=HYPERLINK(1)"])

    assert list(Candidate.objects.order_by("code").values_list("name", flat=True)) == ["=1+1", "=HYPERLINK(1)"]
