"""Steps of release tracks: approving them, taking them by hand, and the tick that proposes and takes them."""

import datetime as dt
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from audit.alarms import raise_alarm
from audit.services import record
from common.active_alerts import active_alerts
from common.errors import DomainError
from plans.guards import Reading, all_hold, pack
from plans.models import Plan, ReleaseTrack, ReleaseTrackStep, Stage, StepApproval
from plans.services.history import lock_plan
from plans.services.release import enable_plan
from plans.services.tracks import pause_track
from plans.track_locks import end_approvals, lock_open_step
from plans.tracks import content_hash, judge_step, next_step, standing_approval

PROPOSED = gettext_lazy("The next step of a release track can be taken.")
NEEDS_APPROVAL = gettext_lazy("The next step of a release track needs the approval of a second person.")
NOT_TAKEN = gettext_lazy("A step of a release track could not be taken. The track is paused.")

State = ReleaseTrackStep.State


@transaction.atomic
def approve_step(*, step_id: int, seen_hash: str, actor: User) -> StepApproval:
    """Agree to a step as `actor` saw it, which `seen_hash` says.

    Raises DomainError `not-allowed`, `step-not-found`, `step-taken`, `track-over`, `no-approval-needed`, `own-work`
    (it was they who wrote it last), `changed-since` (it isn't what they saw), `already-approved`.
    """
    step = lock_open_step(step_id, actor)
    step.plan = lock_plan(step.plan.code)
    if not step.needs_second_person:
        raise DomainError("no-approval-needed", _("This step needs no second person."))
    if step.written_by_id == actor.pk:
        raise DomainError("own-work", _("You wrote this step. Somebody else must approve it."))
    if seen_hash != content_hash(step):
        raise DomainError("changed-since", _("This was changed since you saw it. Look at it again."))
    if standing_approval(step):
        raise DomainError("already-approved", _("This step is approved already."))
    approval = StepApproval.objects.create(
        step=step, content_hash=seen_hash, asked_by=step.written_by, approved_by=actor
    )
    details = {"plan": step.plan.code, "content_hash": seen_hash}
    record(action="plans.release_track_step.approved", actor=actor, target=step, details=details)
    return approval


@transaction.atomic
def withdraw_approval(*, step_id: int, actor: User | None) -> ReleaseTrackStep:
    """Take back what was agreed to, whoever did. Raises DomainError `not-allowed`, `step-not-found`, `step-taken`,
    `track-over`, `not-approved`.
    """
    step = lock_open_step(step_id, actor)
    if not end_approvals(step, actor):
        raise DomainError("not-approved", _("This step isn't approved."))
    details = {"plan": step.plan.code}
    record(action="plans.release_track_step.approval_withdrawn", actor=actor, target=step, details=details)
    return step


def take_step(*, step_id: int, actor: User | None) -> ReleaseTrackStep:
    """Take the next step of a running track by hand. All its guards must hold: `enable_plan` is there to force it.

    Raises DomainError `not-allowed`, `step-not-found`, `step-taken`, `track-over`, `not-running`, `not-next`,
    `guards-fail`, and what `enable_plan` raises.
    """
    alerts = active_alerts()  # may take a second, so before anything is locked
    with transaction.atomic():
        step = lock_open_step(step_id, actor)
        if step.track.state != ReleaseTrack.State.RUNNING:
            raise DomainError("not-running", _("This track isn't running. Resume it first."))
        if step != next_step(step.track):
            raise DomainError("not-next", _("Another step comes first."))
        step.plan = lock_plan(step.plan.code)
        readings = _judge(step, alerts)
        if not all_hold(readings):
            raise DomainError("guards-fail", _("Not everything holds that this step needs."))
        _take(step, actor)
    return step


def tick_tracks() -> int:
    """Judge the next step of each running track, and propose or take it; gives how many were taken.

    For beat: any number of workers may call it at once. What can't be taken though its guards hold pauses the track,
    and people are told.
    """
    running = ReleaseTrack.objects.filter(state=ReleaseTrack.State.RUNNING).order_by("pk")
    track_ids = list(running.values_list("pk", flat=True))
    if not track_ids:
        return 0
    alerts = active_alerts()
    return sum(_tick(track_id, alerts) for track_id in track_ids)


@transaction.atomic
def _tick(track_id: int, alerts: tuple[str, ...] | None) -> bool:
    running = ReleaseTrack.objects.select_for_update(skip_locked=True).filter(state=ReleaseTrack.State.RUNNING)
    track = running.filter(pk=track_id).first()
    step = next_step(track) if track else None
    if track is None:
        return False  # another worker has it, or it was paused meanwhile
    if step is None:
        _finish_if_done(track)  # its last step was taken out
        return False
    step.track, step.plan = track, lock_plan(step.plan.code)
    if step.plan.stage == Stage.AVAILABLE:
        _note_taken_elsewhere(step, step.plan)
        return False
    readings = _judge(step, alerts)
    if not all_hold(reading for reading in readings if reading.guard != "approval"):
        step.state = State.WAITING
        step.save()
        return False
    _propose(step, readings)
    if not (track.takes_steps_itself and all_hold(readings)):
        return False
    return _take_or_pause(step)


def _judge(step: ReleaseTrackStep, alerts: tuple[str, ...] | None) -> list[Reading]:
    now = timezone.now()
    readings = judge_step(step, now=now, alerts=alerts)
    step.judged_at, step.judgement = now, pack(readings)
    return readings


def _propose(step: ReleaseTrackStep, readings: list[Reading]) -> None:
    """Told once: a step whose guards come and go isn't told each time."""
    step.state = State.PROPOSED
    if step.proposed_at is None:
        step.proposed_at = timezone.now()
        details = {"plan": step.plan.code}
        record(action="plans.release_track_step.proposed", actor=None, target=step, details=details)
        words = PROPOSED if all_hold(readings) else NEEDS_APPROVAL
        if not (step.track.takes_steps_itself and all_hold(readings)):
            _tell("step-proposed", step, words)
    step.save()


def _take_or_pause(step: ReleaseTrackStep) -> bool:
    try:
        with transaction.atomic():
            _take(step, None)
    except DomainError as error:
        reason = f"{step.plan.code}: {error}"
        pause_track(track_id=step.track_id, reason=reason, actor=None)
        _tell("step-not-taken", step, NOT_TAKEN, str(error))
        return False
    return True


def _take(step: ReleaseTrackStep, actor: User | None) -> None:
    reason = _("Step of the release track “%(track)s”") % {"track": step.track.name}
    plan = enable_plan(plan_code=step.plan.code, enabled_by=actor, reason=reason)
    details = {"plan": plan.code, "judgement": step.judgement}
    record(action="plans.release_track_step.taken", actor=actor, target=step, details=details)
    _mark_taken(step, plan.enabled_at or timezone.now())


def _note_taken_elsewhere(step: ReleaseTrackStep, plan: Plan) -> None:
    """Somebody put the plan on sale without the track, which goes on from there instead of doing it again."""
    record(action="plans.release_track_step.noted", actor=None, target=step, details={"plan": plan.code})
    _mark_taken(step, plan.enabled_at or timezone.now())


def _mark_taken(step: ReleaseTrackStep, moment: dt.datetime) -> None:
    step.state, step.taken_at = State.TAKEN, moment
    step.save()
    _finish_if_done(step.track)


def _finish_if_done(track: ReleaseTrack) -> None:
    if next_step(track) is None:
        track.state, track.state_reason = ReleaseTrack.State.FINISHED, ""
        track.save()
        record(action="plans.release_track.finish", actor=None, target=track)


def _tell(code: str, step: ReleaseTrackStep, *lines: object) -> None:
    told = partial(raise_alarm, f"{code} {step.pk}", *lines, step.track.name, step.plan.code)
    transaction.on_commit(told)
