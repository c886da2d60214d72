"""Who tests a plan: what a tester may do before its release, how they come in and how they leave."""

import pytest

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff
from audit.models import AuditLog
from common.errors import DomainError
from plans.availability import AvailabilityCode
from plans.models import BetaTester, Plan, PlanReleaseHistory, Stage, Step
from plans.selectors import check_plan_availability, get_available_plans
from plans.services import add_beta_tester, add_beta_testers, create_plan, remove_beta_tester

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan():
    return create_plan(code="standard", name_fa="استاندارد", name_en="Standard", price_rials=1000, actor=None)


def stage():
    return Plan.objects.get(code="standard").stage


def steps():
    """The plan's history in its order: step, stage before, stage after, reason."""
    rows = PlanReleaseHistory.objects.filter(plan_code="standard").order_by("pk")
    return list(rows.values_list("step", "stage_before", "stage_after", "reason"))


def refusal(act, **arguments):
    with pytest.raises(DomainError) as refused:
        act(**arguments)
    assert str(refused.value)
    return refused.value.code


def add(*codes, **arguments):
    return add_beta_testers(
        candidates=[make_candidate(code) for code in codes], plan_code="standard", actor=None, **arguments
    )


# Coming in


def test_a_tester_can_buy_before_the_release_and_others_can_not(plan):
    sara, reza = make_candidate("sara"), make_candidate("reza")
    add_beta_tester(candidate=sara, plan_code="standard", actor=None)

    assert check_plan_availability("standard", sara).is_available
    assert check_plan_availability("standard", reza).code == AvailabilityCode.TESTERS_ONLY
    assert not check_plan_availability("standard").is_available
    assert [found.code for found in get_available_plans(candidate=sara)] == ["standard"]
    assert get_available_plans(candidate=reza) == []


def test_the_first_tester_opens_a_draft_and_further_ones_change_nothing(plan):
    owner = make_staff(Role.OWNER)
    add_beta_tester(candidate=make_candidate(), plan_code="standard", note="Asked for it", actor=owner)
    add_beta_tester(candidate=make_candidate(), plan_code="standard", actor=owner)

    assert stage() == Stage.BETA
    assert steps() == [(Step.OPENED_TO_TESTERS, Stage.DRAFT, Stage.BETA, "Asked for it")]
    assert PlanReleaseHistory.objects.get().actor_id == owner.pk


def test_each_tester_is_audited_with_plan_candidate_and_note(plan):
    owner = make_staff(Role.OWNER)
    result = add_beta_testers(
        candidates=[make_candidate("sara"), make_candidate("reza")], plan_code="standard", note=" Wave 1 ", actor=owner
    )

    rows = AuditLog.objects.filter(action="plans.beta_tester.add").order_by("pk")
    assert [(row.object_id, row.actor_id) for row in rows] == [(str(new.pk), owner.pk) for new in result.added]
    assert rows[0].details == {"plan": "standard", "candidate": "sara", "note": "Wave 1"}
    assert [(new.note, new.added_by) for new in BetaTester.objects.all()] == [("Wave 1", owner)] * 2


def test_those_who_test_already_are_told_apart(plan):
    sara = make_candidate("sara")
    add_beta_tester(candidate=sara, plan_code="standard", actor=None)

    result = add_beta_testers(candidates=[sara, make_candidate("reza")], plan_code="standard", actor=None)

    assert [tester.candidate.code for tester in result.added] == ["reza"]
    assert result.already == [sara]
    assert BetaTester.objects.count() == 2


def test_somebody_named_twice_is_added_once(plan):
    sara = make_candidate("sara")
    result = add_beta_testers(candidates=[sara, sara], plan_code="standard", actor=None)
    assert (len(result.added), result.already) == (1, [])


def test_one_who_tests_already_is_refused_alone(plan):
    sara = make_candidate("sara")
    add_beta_tester(candidate=sara, plan_code="standard", actor=None)
    assert refusal(add_beta_tester, candidate=sara, plan_code="standard", actor=None) == "tester-already"


def test_an_empty_list_opens_nothing(plan):
    assert add().added == []
    assert (stage(), steps()) == (Stage.DRAFT, [])


@pytest.mark.parametrize(
    ("closed", "code"),
    [
        (Stage.AVAILABLE, "already-on-sale"),
        (Stage.DISABLED, "plan-disabled"),
        (Stage.RETIRED, "plan-retired"),
    ],
)
def test_a_plan_that_testers_could_not_test_takes_none(plan, closed, code):
    Plan.objects.update(stage=closed, is_available_for_purchase=closed == Stage.AVAILABLE)
    assert refusal(add_beta_tester, candidate=make_candidate(), plan_code="standard", actor=None) == code
    assert not BetaTester.objects.exists()


def test_a_scheduled_plan_takes_testers_and_stays_scheduled(plan):
    Plan.objects.update(stage=Stage.SCHEDULED, release_scheduled_at="2030-01-01T00:00Z")
    add("sara")
    assert (stage(), steps()) == (Stage.SCHEDULED, [])


def test_a_plan_that_is_not_there_and_a_note_too_long_are_refused(plan):
    sara = make_candidate()
    assert refusal(add_beta_tester, candidate=sara, plan_code="nothing", actor=None) == "plan-not-found"
    long = {"candidate": sara, "plan_code": "standard", "note": "x" * 201}
    assert refusal(add_beta_tester, **long, actor=None) == "text-too-long"
    assert (stage(), BetaTester.objects.count()) == (Stage.DRAFT, 0)


# Leaving


def test_a_tester_who_leaves_keeps_their_row_and_buys_early_no_more(plan):
    [sara, _reza] = add("sara", "reza").added

    remove_beta_tester(tester_id=sara.pk, reason="Moved away", actor=None)

    sara.refresh_from_db()
    assert sara.left_at >= sara.entered_at
    assert sara.exit_reason == "Moved away"
    assert not check_plan_availability("standard", sara.candidate).is_available
    assert stage() == Stage.BETA
    row = AuditLog.objects.get(action="plans.beta_tester.remove")
    assert row.details == {"plan": "standard", "candidate": "sara", "reason": "Moved away"}


def test_the_last_one_closes_the_plan_again(plan):
    [sara] = add("sara").added
    remove_beta_tester(tester_id=sara.pk, reason="The test is over", actor=None)

    assert stage() == Stage.DRAFT
    assert steps()[-1] == (Step.CLOSED_TO_TESTERS, Stage.BETA, Stage.DRAFT, "The test is over")


@pytest.mark.parametrize("stays", [Stage.SCHEDULED, Stage.AVAILABLE, Stage.DISABLED, Stage.RETIRED])
def test_the_last_one_leaves_other_stages_as_they_are(plan, stays):
    [sara] = add("sara").added
    Plan.objects.update(
        stage=stays,
        is_available_for_purchase=stays == Stage.AVAILABLE,
        release_scheduled_at="2030-01-01T00:00Z" if stays == Stage.SCHEDULED else None,
    )
    remove_beta_tester(tester_id=sara.pk, reason="over", actor=None)
    assert stage() == stays


def test_who_left_may_come_back_as_a_new_entry(plan):
    [first] = add("sara").added
    remove_beta_tester(tester_id=first.pk, reason="over", actor=None)
    second = add_beta_tester(candidate=first.candidate, plan_code="standard", actor=None)
    assert second.pk != first.pk
    assert [step[0] for step in steps()] == [Step.OPENED_TO_TESTERS, Step.CLOSED_TO_TESTERS, Step.OPENED_TO_TESTERS]


def test_leaving_needs_a_reason_and_happens_once(plan):
    [sara] = add("sara").added
    assert refusal(remove_beta_tester, tester_id=sara.pk, reason="  ", actor=None) == "reason-missing"
    assert refusal(remove_beta_tester, tester_id=sara.pk, reason="x" * 201, actor=None) == "text-too-long"
    remove_beta_tester(tester_id=sara.pk, reason="over", actor=None)
    assert refusal(remove_beta_tester, tester_id=sara.pk, reason="over", actor=None) == "tester-left"
    assert refusal(remove_beta_tester, tester_id=0, reason="over", actor=None) == "tester-not-found"
    assert AuditLog.objects.filter(action="plans.beta_tester.remove").count() == 1


# Who may


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SUPPORT, Role.DATA_OFFICER, Role.OPERATIONS])
def test_other_roles_are_refused(plan, role):
    [sara] = add("sara").added
    staff = make_staff(role)
    candidate = make_candidate()
    assert refusal(add_beta_tester, candidate=candidate, plan_code="standard", actor=staff) == "not-allowed"
    assert refusal(remove_beta_tester, tester_id=sara.pk, reason="over", actor=staff) == "not-allowed"


def test_limited_staff_say_it_of_their_own_candidates_only(plan):
    own, other = make_candidate("own"), make_candidate("other")
    limited = make_staff(Role.RELEASE_MANAGER, candidates=[own])
    both = {"candidates": [own, other], "plan_code": "standard", "actor": limited}
    assert refusal(add_beta_testers, **both) == "not-allowed"
    assert not BetaTester.objects.exists()

    tester = add_beta_tester(candidate=own, plan_code="standard", actor=limited)
    remove_beta_tester(tester_id=tester.pk, reason="over", actor=limited)
    foreign = add_beta_tester(candidate=other, plan_code="standard", actor=None)
    assert refusal(remove_beta_tester, tester_id=foreign.pk, reason="over", actor=limited) == "not-allowed"
