"""Staff change system settings in the admin; no way of changing one gets past the audit log."""

from typing import Any

import pytest
from constance import config
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils.translation import override

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from audit.models import AuditLog
from electionsite.settings_store import change_system_settings
from electionsite.system_settings import SYSTEM_SETTINGS

PAGE = "/admin/constance/config/"
pytestmark = pytest.mark.django_db


def form_of(client: Client) -> dict[str, Any]:
    """The page's form as a browser would send it back."""
    form = client.get(PAGE).context["form"]
    return {"version": form.initial["version"], **{name: getattr(config, name) for name in SYSTEM_SETTINGS}}


def last_change() -> AuditLog | None:
    return AuditLog.objects.filter(action="electionsite.system_settings.change").last()


def test_the_owner_changes_a_setting_and_the_log_tells_both_values() -> None:
    owner = make_staff(Role.OWNER)
    client = sign_in(owner)

    answer = client.post(PAGE, {**form_of(client), "MOVE_UNDO_HOURS": "۹۶"})

    assert answer.status_code == 302
    assert config.MOVE_UNDO_HOURS == 96
    row = last_change()
    assert row is not None
    assert row.actor_id == owner.pk
    assert row.details == {
        "changed": ["MOVE_UNDO_HOURS"],
        "before": {"MOVE_UNDO_HOURS": 72},
        "after": {"MOVE_UNDO_HOURS": 96},
    }


def test_a_value_outside_the_bounds_is_refused_with_the_bound() -> None:
    client = sign_in(make_staff(Role.OWNER))
    client.cookies["django_language"] = "en"

    answer = client.post(PAGE, {**form_of(client), "MOVE_UNDO_HOURS": "0"})

    assert "Ensure this value is greater than or equal to 1." in answer.content.decode()
    assert config.MOVE_UNDO_HOURS == 72
    assert last_change() is None


def test_a_form_opened_before_a_colleagues_change_is_refused() -> None:
    client = sign_in(make_staff(Role.OWNER))
    opened = form_of(client)
    change_system_settings(values={"MOVE_UNDO_HOURS": 10}, actor=None)

    answer = client.post(PAGE, {**opened, "MOVE_UNDO_HOURS": "20"})

    assert answer.status_code == 200
    assert answer.context["form"].errors["version"]
    assert config.MOVE_UNDO_HOURS == 10


def test_saving_without_a_change_writes_nothing() -> None:
    client = sign_in(make_staff(Role.OWNER))

    assert client.post(PAGE, form_of(client)).status_code == 302

    assert last_change() is None


@pytest.mark.parametrize("role", [Role.OPERATIONS, Role.AUDITOR])
def test_some_roles_may_only_look(role: Role) -> None:
    client = sign_in(make_staff(role))

    page = client.get(PAGE)

    assert page.status_code == 200
    assert 'type="submit" class="default"' not in page.content.decode()
    client.post(PAGE, {**form_of(client), "MOVE_UNDO_HOURS": "1"})
    assert config.MOVE_UNDO_HOURS == 72


def test_others_do_not_see_them() -> None:
    assert sign_in(make_staff(Role.SUPPORT)).get(PAGE).status_code == 403


def test_the_command_is_bound_by_the_same_rules_and_recorded() -> None:
    call_command("constance", "set", "MOVE_UNDO_HOURS", "24")
    with pytest.raises(CommandError):
        call_command("constance", "set", "MOVE_UNDO_HOURS", "99999")

    assert config.MOVE_UNDO_HOURS == 24
    row = last_change()
    assert row is not None
    assert row.actor_id is None
    assert row.details["after"] == {"MOVE_UNDO_HOURS": 24}


def test_each_default_is_within_its_bounds() -> None:
    for name, setting in SYSTEM_SETTINGS.items():
        assert setting.smallest <= setting.default <= setting.largest, name


def test_the_page_shows_each_setting_with_its_words_and_default() -> None:
    client = sign_in(make_staff(Role.OWNER))
    client.cookies["django_language"] = "en"
    page = client.get(PAGE).content.decode()

    with override("en"):
        for name, setting in SYSTEM_SETTINGS.items():
            assert str(setting.label) in page
            assert f'name="{name}"' in page
