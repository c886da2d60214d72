"""Attempts to sign in: counted before the password is looked at, locked, unlocked."""

import datetime as dt
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import SignInGuard, User
from accounts.models.sign_in_guard import SignInGuardQuerySet
from accounts.selectors import may_edit_staff
from accounts.sign_in.limits import Guard, limit_of
from audit.services import record
from common.client_address import client_network
from common.crypto import blind_index
from common.errors import DomainError

LONGEST_REASON = 500

# One statement, so that of any number of simultaneous attempts each gets a number of its own.
COUNT = f"""
    INSERT INTO {SignInGuard._meta.db_table} AS kept (guard, name_fingerprint, network, user_id, attempts, ends_at)
    VALUES (%(guard)s, %(fingerprint)s, %(network)s, %(user_id)s, 1, %(window_end)s)
    ON CONFLICT (guard, name_fingerprint, network) DO UPDATE SET
        user_id = EXCLUDED.user_id,
        attempts = CASE WHEN kept.ends_at <= %(now)s THEN 1 ELSE kept.attempts + 1 END,
        ends_at = CASE
            WHEN kept.ends_at <= %(now)s THEN EXCLUDED.ends_at
            WHEN kept.attempts + 1 = %(limit)s THEN %(lock_end)s
            WHEN kept.attempts + 1 < %(limit)s AND %(renews)s THEN EXCLUDED.ends_at
            ELSE kept.ends_at
        END
    RETURNING id, attempts, ends_at
"""  # noqa: S608 (our own name)


@dataclass(frozen=True)
class Attempt:
    """One attempt to sign in. With `locked_until`, its password must not be looked at.

    `pair_id` and `name_id` are the guards that counted it, `filled` those of them that it brought to their limit.
    """

    locked_until: dt.datetime | None = None
    pair_id: int = 0
    name_id: int = 0
    filled: tuple[int, ...] = ()


class _Locked(Exception):
    def __init__(self, until: dt.datetime) -> None:
        super().__init__(until)
        self.until = until


def reserve_attempt(*, username: str, address: str) -> Attempt:
    """Count an attempt to sign in as `username` from `address`, before its password is looked at.

    Attempts that are refused change nothing: they neither extend a lock nor count anywhere. Names nobody has are
    counted just as those of staff. The reservation is committed when this returns, so it can't be made within a
    transaction (RuntimeError); `note_failure` or `note_success` follows.
    """
    user_id = User.objects.filter(username=username).values_list("pk", flat=True).first()
    fingerprint = blind_index(username, context="accounts.SignInGuard")
    try:
        with transaction.atomic(durable=True):
            pair_id, pair_is_full = _count(Guard.PAIR, fingerprint, user_id, network=client_network(address))
            name_id, name_is_full = _count(Guard.NAME, fingerprint, user_id, network="")
    except _Locked as locked:
        return Attempt(locked_until=locked.until)
    filled = [guard_id for guard_id, is_full in ((pair_id, pair_is_full), (name_id, name_is_full)) if is_full]
    return Attempt(pair_id=pair_id, name_id=name_id, filled=tuple(filled))


def _count(guard: Guard, fingerprint: str, user_id: int | None, *, network: str) -> tuple[int, bool]:
    """The guard's id, and whether this attempt is the last that it lets by. Raises _Locked."""
    limit, now = limit_of(guard), timezone.now()
    values = {
        "guard": guard.value,
        "fingerprint": fingerprint,
        "user_id": user_id,
        "network": network,
        "now": now,
        "window_end": now + limit.window,
        "lock_end": now + limit.lock,
        "limit": limit.failures,
        "renews": limit.renews,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT, values)
        guard_id, attempts, ends_at = cursor.fetchone()
    if attempts > limit.failures:
        raise _Locked(ends_at)
    return guard_id, attempts == limit.failures


@transaction.atomic
def note_failure(*, attempt: Attempt) -> dt.datetime | None:
    """The password was wrong. Gives the end of the lock that this brought about, if it did; a lock is audited once."""
    if not attempt.filled:
        return None
    locks = list(_for_update(SignInGuard.objects.filter(pk__in=attempt.filled)))
    for lock in locks:
        record(action="accounts.sign_in.lock", actor=None, target=lock.user, details=_details(lock))
    return max((lock.ends_at for lock in locks), default=None)


@transaction.atomic
def note_success(*, attempt: Attempt) -> None:
    """The password was right: the pair's failures are forgotten, and the name's guard takes this attempt back."""
    SignInGuard.objects.filter(pk=attempt.pair_id).delete()
    SignInGuard.objects.filter(pk=attempt.name_id, attempts__gt=0).update(attempts=F("attempts") - 1)


@transaction.atomic
def unlock_sign_in(*, locks: SignInGuardQuerySet, actor: User | None, reason: str = "") -> int:
    """End those of `locks` that hold at present; returns how many. Their counts begin anew.

    Raises DomainError `owners-only`; `not-locked` where none holds.
    """
    if actor and not may_edit_staff(actor):
        raise DomainError("owners-only", _("Only owners who aren't limited to scopes may unlock a sign-in."))
    held = list(_for_update(locks))
    if not held:
        raise DomainError("not-locked", _("This sign-in isn't locked."))
    for lock in held:
        details = {**_details(lock), "reason": reason.strip()[:LONGEST_REASON]}
        record(action="accounts.sign_in.unlock", actor=actor, target=lock.user, details=details)
    SignInGuard.objects.filter(pk__in=[lock.pk for lock in held]).delete()
    return len(held)


@transaction.atomic
def forget_outdated_guards() -> int:
    """Delete the guards whose count or lock has ended; returns how many."""
    # Those that an attempt is just counted by are left for the next time: nobody at the sign-in page shall wait.
    unused = SignInGuard.objects.all().outdated().select_for_update(skip_locked=True)
    deleted, _per_model = SignInGuard.objects.filter(pk__in=unused.values("pk")).delete()
    return deleted


def _for_update(guards: SignInGuardQuerySet) -> SignInGuardQuerySet:
    """The locked ones of `guards`. Pairs come first, as `reserve_attempt` takes them: nobody waits crosswise."""
    return guards.locked().select_for_update(of=("self",)).order_by("-guard", "pk")


def _details(lock: SignInGuard) -> dict[str, str | int]:
    return {
        "guard": lock.guard,
        "network": lock.network,
        "failures": lock.attempts,
        "until": lock.ends_at.isoformat(timespec="seconds"),
    }
