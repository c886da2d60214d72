"""Release tracks: making them, writing their steps, and having them run, pause and stop."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from common.errors import DomainError
from common.validation import refuse_invalid
from plans.models import Plan, ReleaseTrack, ReleaseTrackStep, Stage
from plans.services.history import lock_plan
from plans.services.release import LONGEST_REASON
from plans.track_locks import end_approvals, lock_open_step, lock_open_track, refuse_unless_releaser
from plans.tracks import next_step

State = ReleaseTrack.State


@dataclass(frozen=True)
class StepContent:
    """What a step puts on sale, and what must hold before; most of it is asked of the plan one step before.

    `problems_at_most` is None where problems aren't looked at.
    """

    plan_code: str
    waiting_days: int = 14
    purchases_at_least: int = 0
    problems_at_most: int | None = None
    is_held_by_alert: bool = True
    needs_second_person: bool = False


@transaction.atomic
def create_track(*, name: str, takes_steps_itself: bool = False, actor: User | None) -> ReleaseTrack:
    """A new track, without steps and paused. It proposes its steps, or with `takes_steps_itself` takes them.

    Raises DomainError `not-allowed`, `track-invalid`.
    """
    refuse_unless_releaser(actor)
    track = ReleaseTrack(name=name.strip(), takes_steps_itself=takes_steps_itself, created_by=actor)
    refuse_invalid(track, code="track-invalid")
    track.save()
    details = {"name": track.name, "takes_steps_itself": takes_steps_itself}
    record(action="plans.release_track.add", actor=actor, target=track, details=details)
    return track


@transaction.atomic
def set_takes_steps_itself(*, track_id: int, takes_steps_itself: bool, actor: User | None) -> ReleaseTrack:
    """Have a track take its steps itself, or only propose them. Raises DomainError `track-not-found`, `not-allowed`,
    `track-over`.
    """
    track = lock_open_track(track_id, actor)
    track.takes_steps_itself = takes_steps_itself
    track.save()
    details = {"takes_steps_itself": takes_steps_itself}
    record(action="plans.release_track.change", actor=actor, target=track, details=details)
    return track


@transaction.atomic
def add_step(*, track_id: int, content: StepContent, actor: User | None) -> ReleaseTrackStep:
    """Put a plan at the end of a track.

    Raises DomainError `track-not-found`, `not-allowed`, `track-over`, `plan-not-found`, `plan-retired`,
    `plan-on-track`, `step-invalid`.
    """
    track = lock_open_track(track_id, actor)
    last = track.steps.aggregate(last=Max("position", default=0))["last"]
    step = ReleaseTrackStep(track=track, position=last + 1)
    _write(step, content, actor)
    record(action="plans.release_track_step.add", actor=actor, target=step, details=asdict(content))
    return step


@transaction.atomic
def change_step(*, step_id: int, content: StepContent, actor: User | None) -> ReleaseTrackStep:
    """Write a step anew that isn't taken. Approvals of it end, and so do those of the one after it.

    Raises DomainError as `add_step` does, and `step-not-found`, `step-taken`.
    """
    step = lock_open_step(step_id, actor)
    _write(step, content, actor)
    _rewrite_the_one_after(step, actor)
    record(action="plans.release_track_step.change", actor=actor, target=step, details=asdict(content))
    return step


@transaction.atomic
def remove_step(*, step_id: int, actor: User | None) -> ReleaseTrack:
    """Take a step out that isn't taken; approvals of the one after it end.

    Raises DomainError `step-not-found`, `not-allowed`, `track-over`, `step-taken`.
    """
    step = lock_open_step(step_id, actor)
    _rewrite_the_one_after(step, actor)
    record(action="plans.release_track_step.remove", actor=actor, target=step, details={"plan": step.plan.code})
    step.delete()
    return step.track


@transaction.atomic
def resume_track(*, track_id: int, actor: User | None) -> ReleaseTrack:
    """Start a track that is paused. Raises DomainError `track-not-found`, `not-allowed`, `track-over`,
    `already-running`, `no-steps`.
    """
    track = lock_open_track(track_id, actor)
    if track.state == State.RUNNING:
        raise DomainError("already-running", _("This track is running already."))
    if next_step(track) is None:
        raise DomainError("no-steps", _("No step is left to take. Add one first."))
    _set_state(track, State.RUNNING)
    record(action="plans.release_track.resumed", actor=actor, target=track)
    return track


@transaction.atomic
def pause_track(*, track_id: int, reason: str = "", actor: User | None) -> ReleaseTrack:
    """Have a track neither take nor propose anything until it is resumed.

    Raises DomainError `track-not-found`, `not-allowed`, `track-over`, `already-paused`.
    """
    track = lock_open_track(track_id, actor)
    if track.state == State.PAUSED:
        raise DomainError("already-paused", _("This track is paused already."))
    _set_state(track, State.PAUSED, reason)
    details = {"reason": track.state_reason}
    record(action="plans.release_track.paused", actor=actor, target=track, details=details)
    return track


@transaction.atomic
def stop_track(*, track_id: int, reason: str, actor: User | None) -> ReleaseTrack:
    """End a track for good; what is on sale stays so, and its plans may go onto another track.

    Raises DomainError `track-not-found`, `not-allowed`, `track-over`, `reason-missing`.
    """
    track = lock_open_track(track_id, actor)
    if not reason.strip():
        raise DomainError("reason-missing", _("Say why: it stands on the track's page."))
    _set_state(track, State.STOPPED, reason)
    details = {"reason": track.state_reason}
    record(action="plans.release_track.stopped", actor=actor, target=track, details=details)
    return track


def _write(step: ReleaseTrackStep, content: StepContent, actor: User | None) -> None:
    plan = lock_plan(content.plan_code)
    _refuse_plan(plan, step)
    step.plan = plan
    for name, value in asdict(content).items():
        if name != "plan_code":
            setattr(step, name, value)
    refuse_invalid(step, code="step-invalid")
    _mark_written(step, actor)


def _refuse_plan(plan: Plan, step: ReleaseTrackStep) -> None:
    if plan.stage == Stage.RETIRED:
        raise DomainError("plan-retired", _("This plan was retired. Make a new one."))
    over = [State.STOPPED, State.FINISHED]
    others = ReleaseTrackStep.objects.filter(plan=plan).exclude(track__state__in=over).exclude(pk=step.pk)
    other = others.select_related("track").first()
    if other:
        words = _("This plan is on the track “%(track)s”. A plan is on one track at a time.")
        raise DomainError("plan-on-track", words % {"track": other.track.name})


def _rewrite_the_one_after(step: ReleaseTrackStep, actor: User | None) -> None:
    """What is asked of the plan before is asked of another one now, so it counts as written by who changed that."""
    later = step.track.steps.filter(position__gt=step.position).order_by("position").first()
    if later:
        _mark_written(later, actor)


def _mark_written(step: ReleaseTrackStep, actor: User | None) -> None:
    step.written_by = actor
    step.state, step.proposed_at = ReleaseTrackStep.State.WAITING, None
    step.judged_at, step.judgement = None, []
    step.save()
    end_approvals(step, actor)


def _set_state(track: ReleaseTrack, state: Any, reason: str = "") -> None:
    track.state, track.state_reason = state, reason.strip()[:LONGEST_REASON]
    track.save()
