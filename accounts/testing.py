"""For the tests of every app: members of staff with roles, and browsers signed in with a second factor."""

from collections.abc import Iterable
from itertools import count
from typing import Any, cast

from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from accounts.models import AuthenticatorDevice, Candidate, StaffScope, User
from accounts.recent_factor import SHOWN_AT_KEY
from accounts.roles import GrantToRoles, Role

PASSWORD = "Correct horse, 7 batteries"  # noqa: S105 (of users that live as long as a test)
_numbers = count(1)


def make_staff(
    *roles: Role,
    username: str = "",
    candidates: Iterable[Candidate] | None = None,
    regions: Iterable[str] | None = None,
) -> User:
    """A member of staff with `roles`; limited to scopes where candidates or regions are given, even empty ones."""
    limited = candidates is not None or regions is not None
    username = username or f"staff-{next(_numbers)}"
    user = User.objects.create_user(username, PASSWORD, is_limited_to_scopes=limited)
    if not Group.objects.exists():
        restore_roles()
    user.groups.set(Group.objects.filter(name__in=roles))
    StaffScope.objects.bulk_create([StaffScope(user=user, candidate=candidate) for candidate in candidates or ()])
    StaffScope.objects.bulk_create([StaffScope(user=user, region=region) for region in regions or ()])
    return user


def restore_roles() -> None:
    """Grant the roles as the migrations did: a transactional test before this one has emptied their tables."""
    for migration in MigrationLoader(connection).disk_migrations.values():
        for operation in migration.operations:
            if isinstance(operation, GrantToRoles):
                cast(Any, operation).code(apps, None)


def make_candidate(
    code: str = "", *, name: str = "", city: str = "tehran", phone: str = "", email: str = ""
) -> Candidate:
    """A candidate in `city`."""
    code = code or f"candidate-{next(_numbers)}"
    return Candidate.objects.create(code=code, name=name or code, city=city, phone=phone, email=email)


def sign_in(user: User, *, verified: bool = True, factor_age_seconds: float = 0) -> Client:
    """A browser in which `user` is signed in and, unless `verified` is false, has shown the second factor.

    That was `factor_age_seconds` ago; after 15 minutes dangerous pages ask for it again.
    """
    client = Client()
    client.force_login(user)
    if verified:
        device, _made = AuthenticatorDevice.objects.get_or_create(user=user, confirmed=True)
        session = client.session
        session[DEVICE_ID_SESSION_KEY] = device.persistent_id
        session[SHOWN_AT_KEY] = timezone.now().timestamp() - factor_age_seconds
        session.save()
    return client
