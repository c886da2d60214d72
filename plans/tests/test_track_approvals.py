"""Steps that need two people: whoever wrote one doesn't approve it, and what was approved is what is taken."""

import pytest
import time_machine

from accounts.roles import Role
from accounts.testing import make_staff
from audit.models import AuditLog
from common.errors import DomainError
from plans.models import Plan, StepApproval
from plans.services.track_steps import approve_step, take_step, withdraw_approval
from plans.services.tracks import StepContent, add_step, change_step, create_track, remove_step
from plans.tasks import tick_tracks
from plans.tests.tracks import NOW, make_track, on_sale, step_of
from plans.tracks import content_hash, standing_approval

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("watch")]


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def author():
    return make_staff(Role.RELEASE_MANAGER, username="author")


@pytest.fixture
def second():
    return make_staff(Role.OWNER, username="second")


@pytest.fixture
def track(author):
    return make_track(author=author, needs_second_person=True, waiting_days=0)


def refused(call, **arguments) -> str:
    with pytest.raises(DomainError) as caught:
        call(**arguments)
    return caught.value.code


def approve(code: str, person) -> StepApproval:
    step = step_of(code)
    return approve_step(step_id=step.pk, seen_hash=content_hash(step), actor=person)


def test_it_waits_for_a_second_person_and_is_taken_then(track, author, second) -> None:
    assert tick_tracks() == 0
    assert step_of("basic").state == "proposed"
    assert refused(take_step, step_id=step_of("basic").pk, actor=author) == "guards-fail"
    approval = approve("basic", second)
    assert (approval.asked_by, approval.approved_by, approval.approved_at) == (author, second, NOW)
    assert tick_tracks() == 1
    acts = AuditLog.objects.filter(action__startswith="plans.release_track_step.").exclude(action__endswith=".add")
    assert [act.rpartition(".")[2] for act in acts.order_by("id").values_list("action", flat=True)] == [
        "proposed",
        "approved",
        "taken",
    ]


def test_its_author_does_not_approve_it(track, author) -> None:
    step = step_of("basic")
    assert refused(approve_step, step_id=step.pk, seen_hash=content_hash(step), actor=author) == "own-work"


def test_who_changes_a_step_becomes_its_author(track, author, second) -> None:
    change_step(step_id=step_of("basic").pk, content=step_content("basic", waiting_days=3), actor=second)
    step = step_of("basic")
    assert refused(approve_step, step_id=step.pk, seen_hash=content_hash(step), actor=second) == "own-work"
    assert approve("basic", author)


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OWNER, Role.RELEASE_MANAGER}))
def test_only_who_may_release_approves(track, role) -> None:
    step, staff = step_of("basic"), make_staff(role)
    assert refused(approve_step, step_id=step.pk, seen_hash=content_hash(step), actor=staff) == "not-allowed"


def test_only_what_was_seen_is_approved(track, author, second) -> None:
    seen = content_hash(step_of("basic"))
    change_step(step_id=step_of("basic").pk, content=step_content("basic", waiting_days=3), actor=author)
    assert refused(approve_step, step_id=step_of("basic").pk, seen_hash=seen, actor=second) == "changed-since"


def test_a_change_ends_the_approval_also_when_it_is_changed_back(track, author, second) -> None:
    approve("basic", second)
    for days in (3, 0):
        change_step(step_id=step_of("basic").pk, content=step_content("basic", waiting_days=days), actor=author)
        assert standing_approval(step_of("basic")) is None
    assert tick_tracks() == 0
    ended = StepApproval.objects.get()
    assert (ended.ended_at, ended.ended_by) == (NOW, author)


@pytest.mark.parametrize("change", [{"price_rials": 1}, {"entitlements": {"people": 1}}])
def test_a_change_of_the_plan_voids_the_approval(track, second, change) -> None:
    approve("basic", second)
    Plan.objects.filter(code="basic").update(**change)
    assert tick_tracks() == 0
    assert on_sale() == []


def test_removing_the_step_before_voids_the_approval_of_the_next(track, author, second) -> None:
    approve("standard", author if step_of("standard").written_by == second else second)
    remove_step(step_id=step_of("basic").pk, actor=second)
    assert standing_approval(step_of("standard")) is None
    assert step_of("standard").written_by == second


def test_an_approval_is_withdrawn(track, second) -> None:
    assert refused(withdraw_approval, step_id=step_of("basic").pk, actor=second) == "not-approved"
    approve("basic", second)
    withdraw_approval(step_id=step_of("basic").pk, actor=second)
    assert tick_tracks() == 0
    approve("basic", second)
    assert refused(approve, code="basic", person=second) == "already-approved"
    assert tick_tracks() == 1


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_limited_to_scopes": True}])
def test_the_approval_of_somebody_who_may_not_release_any_more_does_not_count(track, second, change) -> None:
    approve("basic", second)
    type(second).objects.filter(pk=second.pk).update(**change)
    assert tick_tracks() == 0


def test_a_step_that_needs_nobody_is_not_approved(author, second) -> None:
    make_track(author=author)
    assert refused(approve, code="basic", person=second) == "no-approval-needed"


def test_no_two_contents_share_a_hash(track) -> None:
    step = step_of("basic")
    hashes = {content_hash(step)}
    for name, value in (
        ("track_id", 10**9),
        ("position", 9),
        ("waiting_days", 9),
        ("purchases_at_least", 9),
        ("problems_at_most", 0),
        ("is_held_by_alert", False),
        ("needs_second_person", False),
    ):
        changed = step_of("basic")
        setattr(changed, name, value)
        hashes.add(content_hash(changed))
    for code in ("standard", "premium"):
        hashes.add(content_hash(step_of(code)))
    assert len(hashes) == 10
    assert all(len(one) == 64 for one in hashes)


def test_each_track_has_its_own_hashes(author) -> None:
    make_track(codes=["basic"], author=author)
    seen = content_hash(step_of("basic"))
    remove_step(step_id=step_of("basic").pk, actor=author)
    other = create_track(name="Autumn", actor=author)
    add_step(track_id=other.pk, content=StepContent(plan_code="basic"), actor=author)
    assert content_hash(step_of("basic")) != seen


def step_content(code: str, **guards) -> StepContent:
    return StepContent(plan_code=code, needs_second_person=True, **guards)
