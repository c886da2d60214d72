"""Members of staff: their accounts, roles and scopes."""

from collections.abc import Iterable

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Candidate, StaffScope, User
from accounts.roles import ROLE_NAMES, Role
from accounts.selectors import may_edit_staff
from accounts.services.passwords import validate_password_strength
from audit.services import record
from common.errors import DomainError


@transaction.atomic
def create_staff_user(
    *,
    username: str,
    password: str | None,
    full_name: str = "",
    email: str = "",
    roles: Iterable[Role] = (),
    actor: User | None,
) -> User:
    """A member of staff with these roles; without a password one who can't sign in yet.

    Raises DomainError `staff-invalid` (the username is taken or malformed), `password-weak`, and what `set_roles` does.
    """
    _refuse_unless_owner(actor)
    user = User(username=User.normalize_username(username), full_name=full_name, email=email)
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        raise DomainError("staff-invalid", " ".join(error.messages)) from error
    if password is not None:
        validate_password_strength(password, user)
    user.set_password(password)
    user.save()
    details = {"username": user.username, "full_name": full_name}
    record(action="accounts.user.add", actor=actor, target=user, details=details)
    set_roles(user=user, roles=roles, actor=actor)
    return user


@transaction.atomic
def set_password(*, user: User, password: str, actor: User | None) -> None:
    """Give `user` a new password, which ends their sessions.

    Raises DomainError `password-weak`, `owners-only`.
    """
    if actor != user:
        _refuse_unless_owner(actor)
    validate_password_strength(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    record(action="accounts.user.set_password", actor=actor, target=user)


@transaction.atomic
def set_roles(*, user: User, roles: Iterable[Role], actor: User | None) -> None:
    """Make `roles` the roles of `user`. Without a difference nothing is written.

    Raises DomainError `owners-only`, `own-rights` (nobody changes their own roles) and `last-owner`.
    """
    wanted = {role.value for role in roles}
    held = set(user.groups.filter(name__in=ROLE_NAMES).values_list("name", flat=True))
    if wanted == held:
        return
    _refuse_unless_owner(actor)
    _refuse_self(user, actor)
    groups = {group.name: group for group in Group.objects.select_for_update().filter(name__in=wanted | {Role.OWNER})}
    user.groups.remove(*user.groups.filter(name__in=held - wanted))
    user.groups.add(*(groups[name] for name in wanted - held))
    if Role.OWNER in held:
        refuse_without_owner()
    details = {"before": sorted(held), "after": sorted(wanted)}
    record(action="accounts.user.set_roles", actor=actor, target=user, details=details)


@transaction.atomic
def set_scopes(
    *, user: User, limited: bool, candidates: Iterable[Candidate] = (), regions: Iterable[str] = (), actor: User | None
) -> None:
    """Limit `user` to these candidates and regions, or (with `limited` false) lift the limit; the list is replaced.

    Raises DomainError `owners-only`, `own-rights` and `last-owner`.
    """
    _refuse_unless_owner(actor)
    _refuse_self(user, actor)
    before = _scope_labels(user)
    user.is_limited_to_scopes = limited
    user.save(update_fields=["is_limited_to_scopes"])
    user.scopes.all().delete()
    StaffScope.objects.bulk_create([StaffScope(user=user, candidate=candidate) for candidate in candidates])
    StaffScope.objects.bulk_create([StaffScope(user=user, region=region) for region in regions])
    refuse_without_owner()
    details = {"limited": limited, "before": before, "after": _scope_labels(user)}
    record(action="accounts.user.set_scopes", actor=actor, target=user, details=details)


def refuse_without_owner() -> None:
    """Raises DomainError `last-owner` unless an owner is left who may sign in and sees everything.

    Locks the role, so that two owners can't take it from each other at the same time.
    """
    owner_role = Group.objects.select_for_update().get(name=Role.OWNER)
    if not User.objects.filter(groups=owner_role, is_active=True, is_limited_to_scopes=False).exists():
        raise DomainError("last-owner", _("At least one owner must be left who may sign in and isn't limited."))


def _refuse_unless_owner(actor: User | None) -> None:
    if actor and not may_edit_staff(actor):
        raise DomainError("owners-only", _("Only owners who aren't limited to scopes may change members of staff."))


def _refuse_self(user: User, actor: User | None) -> None:
    if user == actor:
        raise DomainError("own-rights", _("Nobody changes their own rights; ask another owner."))


def _scope_labels(user: User) -> list[str]:
    return sorted(
        str(scope.candidate.code if scope.candidate else scope.region)
        for scope in user.scopes.select_related("candidate")
    )
