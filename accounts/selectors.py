"""What a member of staff may see. Every list, page, export and reply goes through here."""

from typing import TypeVar

from django.db.models import F, Model, Q, QuerySet
from django_otp_webauthn.models import WebAuthnCredential

from accounts.models import AuthenticatorDevice, BackupCode, Candidate, StaffScope, StaffSession, User
from accounts.roles import Role

AnyModel = TypeVar("AnyModel", bound=Model)


def limit_to_scopes(queryset: QuerySet[AnyModel], user: User, *, candidate: str) -> QuerySet[AnyModel]:
    """The rows that belong to candidates whom `user` may see.

    `candidate` is the look-up path from the queryset's model to the candidate, for example `bot__candidate`, or an
    empty string where the model is the candidate itself.
    """
    if not user.is_limited_to_scopes:
        return queryset
    prefix = f"{candidate}__" if candidate else ""
    scopes = StaffScope.objects.filter(user=user)
    return queryset.filter(
        Q(**{f"{prefix}pk__in": scopes.filter(candidate__isnull=False).values("candidate")})
        | Q(**{f"{prefix}region__in": scopes.exclude(region="").values("region")})
    )


def candidates_visible_to(user: User) -> QuerySet[Candidate]:
    """The candidates whom `user` may see."""
    return limit_to_scopes(Candidate.objects.all(), user, candidate="")


def has_authenticator(user: User) -> bool:
    """Whether `user` has enrolled an authenticator app."""
    return bool(AuthenticatorDevice.objects.filter(user=user, confirmed=True).exists())


def has_second_factor(user: User) -> bool:
    """Whether `user` has an authenticator app or a passkey to show."""
    return has_authenticator(user) or passkeys_of(user).exists()


def passkeys_of(user: User) -> QuerySet[WebAuthnCredential]:
    """The passkeys of `user`, the one used last first."""
    passkeys: QuerySet[WebAuthnCredential] = WebAuthnCredential.objects.filter(user=user, confirmed=True)
    return passkeys.order_by(F("last_used_at").desc(nulls_last=True), "pk")


def live_sessions_of(user: User) -> QuerySet[StaffSession]:
    """Where `user` is signed in, the browser used last first."""
    return StaffSession.objects.live().filter(user=user)


def backup_codes_left(user: User) -> int:
    """How many of the backup codes of `user` are unused."""
    return BackupCode.objects.filter(device__user=user, device__confirmed=True, used_at=None).count()


def may_edit_staff(user: User) -> bool:
    """Whether `user` may add and change members of staff: an owner who isn't limited to scopes.

    A permission alone isn't enough: with it, one could give oneself every other.
    """
    if user.is_limited_to_scopes or not user.is_active:
        return False
    return bool(user.is_superuser) or user.groups.filter(name=Role.OWNER).exists()


def may_see_candidate_in(user: User, region: str, *, candidate_id: int | None) -> bool:
    """Whether `user` may see the candidate (None for one who isn't saved yet) when their region is `region`."""
    if not user.is_limited_to_scopes:
        return True
    scopes = StaffScope.objects.filter(user=user)
    by_name = Q(candidate_id=candidate_id) if candidate_id else Q(pk__in=[])
    return scopes.filter(Q(region=region) | by_name).exists()
