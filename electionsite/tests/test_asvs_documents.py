"""docs/security says what the code does."""

import datetime as dt
import io
import re
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth.models import Permission
from django.core.management import call_command

from accounts.models import User
from accounts.password_policy import CONTEXT_WORDS
from accounts.roles import Role
from accounts.sign_in.limits import Guard, limit_of
from accounts.testing import make_staff
from bots.models.bot import API_ROOTS
from common.environment import PROJECT_DIR
from common.fields import EncryptedTextField
from common.uploads.judge import CONTENT_TYPES

FOLDER = PROJECT_DIR / "docs" / "security"
RULES = (FOLDER / "rules.md").read_text(encoding="utf-8")
UNITS = {"": 1, "minutes": 60, "hours": 3600, "MiB": 1024 * 1024}
OUR_APPS = ("accounts", "audit", "bots", "exports", "plans", "scaling")
DJANGOS_RIGHTS = ("add_", "change_", "delete_", "view_")


def section(title: str, page: str = RULES) -> str:
    """The text below a heading of rules.md, or of another page."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", page, flags=re.DOTALL | re.MULTILINE)
    assert found, title
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The rows of the tables in `text`, without their headings."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    headings = {index - 1 for index, line in enumerate(lines) if line.startswith("|---")}
    kept = [line for index, line in enumerate(lines) if index not in headings and not line.startswith("|---")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in kept]


def value_of(name: str) -> Any:
    if name.startswith("settings."):
        setting, _dot, key = name.removeprefix("settings.").partition(".")
        value = getattr(django_settings, setting)
        return value[key] if key else value
    module, _dot, constant = name.rpartition(".")
    return getattr(import_module(module), constant)


def test_the_documented_limits_are_those_of_the_code():
    limits = rows(section("Limits"))
    assert len(limits) > 10
    for what, limit, name in limits:
        number, _space, unit = limit.partition(" ")
        value = value_of(name.strip("`"))
        actual = value.total_seconds() if isinstance(value, dt.timedelta) else value
        assert actual == int(number) * UNITS[unit], what


def test_every_encrypted_field_has_its_level():
    named = re.findall(r"`(\w+\.\w+\.\w+)`", section("What is sensitive"))
    encrypted = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, EncryptedTextField)
    }
    assert encrypted <= set(named)
    for name in named:
        label, _dot, field = name.rpartition(".")
        apps.get_model(label)._meta.get_field(field)


def test_each_level_says_how_it_is_protected():
    tables = rows(section("What is sensitive"))
    levels = {row[0] for row in tables if len(row) == 2}
    protected = {row[0]: row[1:] for row in tables if len(row) > 2}
    assert levels == protected.keys()
    assert all(all(cells) for cells in protected.values())


@pytest.mark.django_db
def test_roles_and_their_rights_are_documented():
    text = section("Who may do what")
    assert "| | " + " | ".join(Role) + " |" in text
    rights = [row for row in rows(text) if row[0].startswith("`")]
    documented = {name.strip("`"): set(roles.split(", ")) for name, _guards, roles in rights}
    for right in {*own_rights(), *documented}:
        holders = {role.value for role in Role if User.objects.get(pk=make_staff(role).pk).has_perm(right)}
        assert documented.get(right) == holders, right


def own_rights() -> list[str]:
    """The permissions that aren't Django's four."""
    found = Permission.objects.filter(content_type__app_label__in=OUR_APPS).select_related("content_type")
    names = [f"{permission.content_type.app_label}.{permission.codename}" for permission in found]
    djangos = {
        f"{model._meta.app_label}.{verb}{model._meta.model_name}"
        for model in apps.get_models()
        for verb in DJANGOS_RIGHTS
    }
    return [name for name in names if name not in djangos]


def test_everyone_we_talk_to_is_documented():
    named = section("Whom we talk to")
    assert all(root in named for root in API_ROOTS.values())
    example = (PROJECT_DIR / ".env.example").read_text(encoding="utf-8")
    addressed = re.findall(r"^#? ?(\w+)=\S*(?:://|\.example\.ir)", example, flags=re.MULTILINE)
    ours = {"ELECTIONSITE_ALLOWED_HOSTS", "ELECTIONSITE_PUBLIC_URL", "ELECTIONSITE_ALARM_ADDRESSES"}
    ours |= {"ELECTIONSITE_MAIL_FROM", "ELECTIONSITE_PASSKEY_HOST", "ELECTIONSITE_PASSKEY_ORIGINS"}
    ours |= {"ELECTIONSITE_INTAKE_URL"}
    assert [name for name in addressed if name not in ours and name not in named] == []


def test_every_log_is_documented():
    logging: dict[str, Any] = django_settings.LOGGING
    named = section("Logs")
    assert all(f"`{handler}`" in named for handler in logging["handlers"])
    assert logging["root"]["handlers"] == ["console"]


def test_what_must_fit_together_is_documented():
    named = section("What must fit together")
    for words in ("follows from the city", "one candidate or one region", "outside their scope", "one owner is left"):
        assert words in named


def test_the_ways_in_are_documented():
    named = section("Ways in")
    open_to_all = ("/webhook/", "/csp-report", "/health", "/language/", "/admin/")
    assert all(prefix in named for prefix in open_to_all)


def test_several_sessions_are_documented():
    assert "several sessions at once" in section("Sessions")


def test_what_takes_long_is_documented():
    named = section("What takes long")
    assert all(what in named for what in ("Exports", "inbox", "audit log", "passwords"))


def test_kinds_and_sizes_of_uploads_are_documented():
    named = section("Input")
    assert all(kind.upper() in named for kind in CONTENT_TYPES)
    assert "no macros" in named
    assert "| An uploaded file | 10 MiB |" in section("Limits")
    assert "read and thrown away" in section("Input")


def test_locks_and_limits_are_documented():
    page = (FOLDER / "signing-in.md").read_text(encoding="utf-8")
    pair, name = limit_of(Guard.PAIR), limit_of(Guard.NAME)
    assert f"after {pair.failures} failures, none {pair.window.seconds // 60} minutes after" in page
    assert f"after {name.failures} failures in an hour | {name.lock.seconds // 60} minutes" in page
    assert "Nobody can lock a colleague out from one address" in page


def test_the_words_that_do_not_count_in_passwords_are_documented():
    page = (FOLDER / "signing-in.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\w+", page.split("Words that don't count: ")[1].split(".")[0])) == CONTEXT_WORDS


def test_every_key_is_documented_with_what_it_protects():
    page = (FOLDER / "encryption.md").read_text(encoding="utf-8")
    keys = {row[0].strip("`"): row[1:] for row in rows(section("Keys", page))}
    made = io.StringIO()
    call_command("make_secrets", stdout=made)
    assert keys.keys() == set(re.findall(r"^(\w+)=", made.getvalue(), flags=re.MULTILINE))
    assert all(all(cells) for cells in keys.values())
