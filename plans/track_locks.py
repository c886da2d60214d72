"""Finding a release track or a step of it to change, locked; for the services, which record what they do."""

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from common.errors import DomainError
from plans.models import ReleaseTrack, ReleaseTrackStep, StepApproval
from plans.services.release import may_release


def refuse_unless_releaser(actor: User | None) -> None:
    """Raises DomainError `not-allowed` for somebody who may not change what is on sale."""
    if actor and not may_release(actor):
        raise DomainError("not-allowed", _("You may not change what is on sale."))


def lock_open_track(track_id: int, actor: User | None) -> ReleaseTrack:
    """The track, locked until the transaction ends. Its lock comes before that of any plan, and keeps its steps.

    Raises DomainError `not-allowed`, `track-not-found`, `track-over`.
    """
    refuse_unless_releaser(actor)
    track = ReleaseTrack.objects.select_for_update().filter(pk=track_id).first()
    if track is None:
        raise DomainError("track-not-found", _("There is no such track."))
    if track.is_over:
        raise DomainError("track-over", _("This track is over. Make a new one."))
    return track


def lock_open_step(step_id: int, actor: User | None) -> ReleaseTrackStep:
    """A step that isn't taken, its track locked until the transaction ends.

    Raises DomainError as `lock_open_track` does, and `step-not-found`, `step-taken`.
    """
    track_id = ReleaseTrackStep.objects.filter(pk=step_id).values_list("track", flat=True).first()
    track = lock_open_track(track_id, actor) if track_id else None
    # Read under the lock: what it said before may be outdated.
    step = ReleaseTrackStep.objects.select_related("plan").filter(pk=step_id).first()
    if track is None or step is None:
        raise DomainError("step-not-found", _("There is no such step."))
    if step.state == ReleaseTrackStep.State.TAKEN:
        raise DomainError("step-taken", _("This step was taken already."))
    step.track = track
    return step


def end_approvals(step: ReleaseTrackStep, actor: User | None) -> int:
    """End all approvals of a step; gives how many there were. A transaction must be open and the track locked."""
    standing = StepApproval.objects.filter(step=step, ended_at=None)
    return standing.update(ended_at=timezone.now(), ended_by=actor)
