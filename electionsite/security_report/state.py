"""How safe this installation is now: what its settings and its database say."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from csp.constants import NONCE
from django.conf import settings
from django.core.checks import run_checks
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django_otp_webauthn.models import WebAuthnCredential

from accounts.models import AllowedNetwork, AuthenticatorDevice, SignInGuard, User
from audit.models import AuditLog, AuditSeal, SealDestination
from audit.selectors import LogCondition, log_state
from common.crypto import key_ring
from common.jalali import format_local
from common.key_rotation import encrypted_columns

SHOWN_POLICY = ("default-src", "script-src")
ALWAYS_ENABLED = "A"  # pg_trigger.tgenabled: whatever session_replication_role says


@dataclass(frozen=True)
class Fact:
    """One thing about this installation; `needs_attention` marks what somebody should look at."""

    name: str
    label: str
    value: str
    needs_attention: bool = False


def installation_state() -> list[Fact]:
    """All facts, in the order in which they are read. Counts every encrypted value, which takes a while at millions."""
    return [*_settings(), *_keys(), *_people(), *_audit()]


def _settings() -> Iterator[Fact]:
    yield Fact("environment", _("Environment"), settings.ENVIRONMENT, not settings.IS_PRODUCTION)
    yield Fact("debug", _("Pages with the details of errors"), _on_or_off(settings.DEBUG), settings.DEBUG)
    messages = sorted({message.id or "?" for message in run_checks(include_deployment_checks=True)})
    yield Fact("checks", _("System checks"), ", ".join(messages) or _("nothing to say"), bool(messages))
    hsts_days = settings.SECURE_HSTS_SECONDS // (24 * 60 * 60)
    yield Fact("hsts", _("HTTPS remembered by browsers"), _("%(count)d days") % {"count": hsts_days}, hsts_days < 365)
    policy: dict[str, Any] = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    sources = {name: ["'nonce-…'" if part is NONCE else part for part in policy.get(name, ())] for name in SHOWN_POLICY}
    shown = "; ".join(f"{name} {' '.join(parts)}" for name, parts in sources.items() if parts)
    yield Fact("csp", _("Content security policy"), shown or _("none"), not shown or "'unsafe-inline'" in shown)
    limits = ", ".join(f"{name} {limit}" for name, limit in settings.RATE_LIMITS_PER_MINUTE.items())
    is_limited = settings.RATELIMIT_ENABLE
    yield Fact("rate_limits", _("Requests a minute"), limits if is_limited else _("not limited"), not is_limited)


def _keys() -> Iterator[Fact]:
    ring = key_ring()
    ids = [f"{ring.active_id} {_('(active)')}", *sorted(ring.keys.keys() - {ring.active_id})]
    yield Fact("keys", _("Keys of the ring"), ", ".join(ids))
    columns = encrypted_columns()
    outdated = sum(column.outdated for column in columns)
    yield Fact("old_values", _("Values under old keys"), str(outdated), outdated > 0)
    missing: Counter[str] = sum((Counter(column.missing) for column in columns), Counter())
    words = ", ".join(f"{key_id}: {count}" for key_id, count in sorted(missing.items())) or "0"
    yield Fact("unreadable_values", _("Values whose key is missing"), words, bool(missing))


def _people() -> Iterator[Fact]:
    active = User.objects.filter(is_active=True)
    without = _without_second_factor(active).count()
    yield Fact("staff", _("Staff who may sign in"), str(active.count()))
    yield Fact("without_second_factor", _("Of them without a second factor yet"), str(without), without > 0)
    locked = SignInGuard.objects.locked().count()
    yield Fact("locked", _("Locked sign-ins"), str(locked), locked > 0)
    networks = AllowedNetwork.objects.count()
    words = str(networks) if networks else _("none: the admin opens from everywhere")
    yield Fact("networks", _("Networks that reach the admin"), words, not networks)


def _without_second_factor(users: QuerySet[User]) -> QuerySet[User]:
    apps = AuthenticatorDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
    passkeys = WebAuthnCredential.objects.filter(user=OuterRef("pk"), confirmed=True)
    return users.exclude(Exists(apps)).exclude(Exists(passkeys))


def _audit() -> Iterator[Fact]:
    state = log_state()
    conditions = {
        LogCondition.SEALED: _("sealed"),
        LogCondition.LATE: _("rows wait for their seal"),
        LogCondition.SILENT: _("nobody writes, not even the canary"),
    }
    is_bad = state.condition is not LogCondition.SEALED
    yield Fact("audit", _("Audit log"), conditions[state.condition], is_bad)
    yield Fact("last_seal", _("Last seal"), format_local(state.last_sealed_at) or _("never"), not state.last_sealed_at)
    yield Fact("last_row", _("Last row"), format_local(state.last_row_at) or _("never"), not state.last_row_at)
    yield _copies()
    unprotected = _tables_that_can_be_changed()
    yield Fact("triggers", _("Tables without their trigger"), ", ".join(unprotected) or _("none"), bool(unprotected))
    owns = _own_the_log()
    words = _("yes: it could switch the triggers off") if owns else _("no")
    yield Fact("owns_audit", _("The site's database role owns the audit log"), words, owns)


def _copies() -> Fact:
    destinations = list(SealDestination.objects.order_by("name"))
    wanted = len(settings.AUDIT_SEAL_COPIES)
    failing = [destination.name for destination in destinations if destination.failing_since]
    label = _("Copies of seals off this machine")
    if failing:
        return Fact("seal_copies", label, _("failing: %(names)s") % {"names": ", ".join(failing)}, True)
    return Fact("seal_copies", label, str(wanted) if wanted else _("none"), not wanted)


def _tables_that_can_be_changed() -> list[str]:
    tables = {AuditLog._meta.db_table, AuditSeal._meta.db_table}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only' AND tgenabled = %s",
            [ALWAYS_ENABLED],
        )
        return sorted(tables - {row[0] for row in cursor.fetchall()})


def _own_the_log() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class WHERE oid = %s::regclass",
            [AuditLog._meta.db_table],
        )
        return bool(cursor.fetchone()[0])


def _on_or_off(value: bool) -> str:
    return _("on") if value else _("off")
