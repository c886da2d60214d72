"""Beginning, using and ending the sessions of staff."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import StaffSession, User
from accounts.models.staff_session import SessionEnd, age_limit, idle_limit
from accounts.selectors import may_edit_staff
from audit.origin import Origin
from audit.services import record
from common.errors import DomainError

SEEN_EVERY = dt.timedelta(minutes=1)
KEEP_ENDED = dt.timedelta(days=30)


def start_session(*, user: User, origin: Origin) -> StaffSession:
    """A new session of `user` in the browser that `origin` tells of."""
    return StaffSession.objects.create(user=user, address=origin.address or None, agent=origin.agent)


def use_session(*, user: User, public_id: str) -> StaffSession | SessionEnd:
    """The session `public_id` of `user` for one more request, or how it ended.

    One that has reached its limit of idleness or age ends here. When it was last seen is written once a minute.
    """
    session = StaffSession.objects.filter(user=user, public_id=public_id).first()
    if session is None or session.ended_at:
        return SessionEnd(session.end) if session else SessionEnd.ENDED
    reached = session.limit_reached()
    if reached:
        _end([session], actor=None, how=reached)
        return reached
    now = timezone.now()
    if now - session.last_seen_at >= SEEN_EVERY:
        StaffSession.objects.filter(pk=session.pk, last_seen_at=session.last_seen_at).update(last_seen_at=now)
    return session


def close_session(*, session: StaffSession, how: SessionEnd) -> None:
    """End a session from its own browser, by signing out or in anew; the audit row of that tells of it."""
    _mark_ended([session], how)


@transaction.atomic
def end_session(*, user: User, public_id: str) -> None:
    """End one of one's own sessions: its browser is at the sign-in page with its next request.

    Raises DomainError `session-not-found` for one that has ended, or is somebody else's.
    """
    sessions = list(StaffSession.objects.live().filter(user=user, public_id=public_id))
    if not sessions:
        raise DomainError("session-not-found", _("This session has ended already."))
    _end(sessions, actor=user, how=SessionEnd.ENDED)


@transaction.atomic
def end_sessions(*, user: User, actor: User | None, how: SessionEnd, keep: str = "") -> int:
    """End every session of `user` but the one with the public id `keep`; returns how many there were.

    Raises DomainError `owners-only` when `actor` is neither the person nor an owner who sees all.
    """
    if actor and actor != user and not may_edit_staff(actor):
        raise DomainError("owners-only", _("Only owners who aren't limited to scopes may sign others out."))
    sessions = list(StaffSession.objects.live().filter(user=user).exclude(public_id=keep))
    if sessions:
        _end(sessions, actor=actor, how=how)
    return len(sessions)


@transaction.atomic
def clean_sessions() -> int:
    """End what nobody came back to, and forget what ended 30 days ago; returns how many were ended.

    The limits hold without it: it keeps the table small and the times of ending true.
    """
    now = timezone.now()
    StaffSession.objects.filter(ended_at__lt=now - KEEP_ENDED).delete()
    open_sessions = StaffSession.objects.filter(ended_at=None)
    ended = open_sessions.filter(started_at__lte=now - age_limit()).update(ended_at=now, end=SessionEnd.EXPIRED)
    ended += open_sessions.filter(last_seen_at__lte=now - idle_limit()).update(ended_at=now, end=SessionEnd.IDLE)
    if ended:
        record(action="accounts.session.end", actor=None, details={"how": "limits", "count": ended})
    return ended


@transaction.atomic
def _end(sessions: Sequence[StaffSession], *, actor: User | None, how: SessionEnd) -> None:
    if _mark_ended(sessions, how):  # else a request at the same time was faster, and recorded it
        details = {"how": how.value, "sessions": [session.public_id for session in sessions]}
        record(action="accounts.session.end", actor=actor, target=sessions[0].user, details=details)


def _mark_ended(sessions: Sequence[StaffSession], how: SessionEnd) -> int:
    still_open = StaffSession.objects.filter(pk__in=[session.pk for session in sessions], ended_at=None)
    return still_open.update(ended_at=timezone.now(), end=how)
