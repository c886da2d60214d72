"""What several members of staff do to a plan's testers at the same moment, in real threads on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from accounts.testing import make_candidate
from common.errors import DomainError
from plans.models import BetaTester, Plan, PlanReleaseHistory, Stage
from plans.services import add_beta_tester, create_plan, remove_beta_tester

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def plan():
    return create_plan(code="standard", name_fa="استاندارد", name_en="Standard", price_rials=1000, actor=None)


def at_once(*acts):
    """What each act gave, run at the same moment: its result, or the code of its refusal."""
    start = Barrier(len(acts))

    def run(act):
        try:
            start.wait()
            return act()
        except DomainError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def history_replays():
    """Whether each step begins where the one before ended, and the last one ends where the plan is."""
    stages = [str(Stage.DRAFT)]
    for row in PlanReleaseHistory.objects.filter(plan_code="standard").order_by("pk"):
        if row.stage_before != stages[-1]:
            return False
        stages.append(row.stage_after)
    return stages[-1] == Plan.objects.get(code="standard").stage


def test_a_candidate_added_several_times_at_once_is_a_tester_once():
    sara = make_candidate("sara")

    def add():
        return add_beta_tester(candidate=sara, plan_code="standard", actor=None)

    results = at_once(*[add] * 6)

    assert sorted(map(str, results)).count("tester-already") == 5
    assert BetaTester.objects.count() == PlanReleaseHistory.objects.count() == 1


def test_a_tester_removed_several_times_at_once_leaves_once():
    tester = add_beta_tester(candidate=make_candidate(), plan_code="standard", actor=None)

    def remove():
        return remove_beta_tester(tester_id=tester.pk, reason="over", actor=None)

    results = at_once(*[remove] * 4)

    assert results.count("tester-left") == 3
    assert PlanReleaseHistory.objects.filter(stage_after=Stage.DRAFT).count() == 1


@pytest.mark.parametrize("_round", range(5))
def test_the_last_one_leaving_as_another_comes_leaves_the_plan_open(_round):
    last = add_beta_tester(candidate=make_candidate("last"), plan_code="standard", actor=None)
    other = make_candidate("other")

    at_once(
        lambda: remove_beta_tester(tester_id=last.pk, reason="over", actor=None),
        lambda: add_beta_tester(candidate=other, plan_code="standard", actor=None),
    )

    assert list(BetaTester.objects.filter(left_at=None).values_list("candidate__code", flat=True)) == ["other"]
    assert Plan.objects.get().stage == Stage.BETA
    assert history_replays()


def test_the_last_two_leaving_at_once_close_the_plan_once():
    testers = [add_beta_tester(candidate=make_candidate(), plan_code="standard", actor=None) for _number in range(2)]

    at_once(*[lambda pk=one.pk: remove_beta_tester(tester_id=pk, reason="over", actor=None) for one in testers])

    assert Plan.objects.get().stage == Stage.DRAFT
    assert PlanReleaseHistory.objects.count() == 2
    assert history_replays()
