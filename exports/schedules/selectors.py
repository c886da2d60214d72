"""Which schedules a member of staff may see and change."""

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.selectors import candidates_visible_to
from exports.models import ScheduledExport

VIEW_PERMISSION = "exports.view_scheduledexport"
ADD_PERMISSION = "exports.add_scheduledexport"
CHANGE_PERMISSION = "exports.change_scheduledexport"
MANAGE_PERMISSION = "exports.manage_schedules"


def schedules_visible_to(user: User) -> QuerySet[ScheduledExport]:
    """One's own schedules, and all that lie in one's scope for who may see the list."""
    own = Q(owner=user)
    schedules = ScheduledExport.objects.select_related("owner", "candidate")
    if not user.has_perm(VIEW_PERMISSION):
        return schedules.filter(own)
    if user.is_limited_to_scopes:
        return schedules.filter(own | Q(candidate__in=candidates_visible_to(user)))
    return schedules


def may_change_schedule(user: User, schedule: ScheduledExport) -> bool:
    """Whether `user` may change, stop, resume and run it: one's own, or any that one sees with the right to do so."""
    if schedule.owner_id == user.pk:
        return user.has_perm(CHANGE_PERMISSION)
    return user.has_perm(MANAGE_PERMISSION) and schedules_visible_to(user).filter(pk=schedule.pk).exists()
