"""The six roles. Each app's migrations grant its own permissions to them, by this module's one operation."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.utils.translation import gettext_lazy as _


class Role(StrEnum):
    """A role is a group; the value is the group's name in the database, the label what people read."""

    OWNER = "owner"
    RELEASE_MANAGER = "release manager"
    DATA_OFFICER = "data officer"
    OPERATIONS = "operations"
    AUDITOR = "auditor"
    SUPPORT = "support"


ROLE_NAMES = frozenset(role.value for role in Role)
ROLE_LABELS = {
    Role.OWNER: _("Owner"),
    Role.RELEASE_MANAGER: _("Release manager"),
    Role.DATA_OFFICER: _("Data officer"),
    Role.OPERATIONS: _("Operations"),
    Role.AUDITOR: _("Auditor"),
    Role.SUPPORT: _("Support"),
}


def role_label(group_name: str) -> str:
    """A role's name in the reader's language; a group that isn't a role keeps its own name."""
    return str(ROLE_LABELS[Role(group_name)]) if group_name in ROLE_NAMES else group_name


class GrantToRoles(migrations.RunPython):
    """Migration operation: give roles permissions of one app, written as `<action>_<model>`.

    It adds and never takes away, so what an owner has changed by hand stays. Permissions are normally made after
    the last migration; this makes those of the app at once.
    """

    def __init__(self, app_label: str, grants: Mapping[Role, Iterable[str]]) -> None:
        def grant(apps: Any, _schema_editor: Any) -> None:
            _create_permissions_now(apps, app_label)
            groups = apps.get_model("auth", "Group")
            permissions = apps.get_model("auth", "Permission")
            for role, codenames in grants.items():
                group, _created = groups.objects.get_or_create(name=role.value)
                wanted = set(codenames)
                found = permissions.objects.filter(content_type__app_label=app_label, codename__in=wanted)
                missing = wanted - set(found.values_list("codename", flat=True))
                if missing:
                    raise LookupError(f"{app_label} has no permissions {sorted(missing)}")
                group.permissions.add(*found)

        super().__init__(grant, migrations.RunPython.noop, elidable=False)


def _create_permissions_now(apps: Any, app_label: str) -> None:
    config = apps.get_app_config(app_label)
    had = getattr(config, "models_module", None)
    config.models_module = had or True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = had


def all_actions(*model_names: str) -> set[str]:
    """Django's four permissions for each model."""
    return {f"{action}_{model}" for model in model_names for action in ("add", "change", "delete", "view")}


def views(*model_names: str) -> set[str]:
    """The permission to look for each model."""
    return {f"view_{model}" for model in model_names}
