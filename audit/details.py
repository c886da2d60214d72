"""A row's details, laid out for people."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from audit.labels import describe_field, describe_kind, field_of, verb_of
from audit.models import AuditLog
from common.admin.dates import show_moment
from common.admin.latin import NOTHING

HIDDEN = "••••••"
SECRET = re.compile("password|token|secret|seed|phone|email")
LAID_OUT = ("changed", "before", "after", "related")


@dataclass(frozen=True)
class Change:
    """One field of an object, in words, before and after."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Related:
    """A row that belongs to the object and was changed with it."""

    title: str
    changes: list[Change]


def changes_of(row: AuditLog) -> list[Change]:
    """The fields that the row says were changed; values that aren't recorded are shown as hidden."""
    return _changes(row.object_type, row.details)


def related_of(row: AuditLog) -> list[Related]:
    """The rows that belong to the object, such as a person's scopes, with what was changed in them."""
    return [
        Related(_title_of(entry), _changes(str(entry.get("type", "")), entry))
        for entry in row.details.get("related", [])
    ]


def others_of(row: AuditLog) -> list[tuple[str, str]]:
    """All other details, with their names in words."""
    kind = row.object_type
    shown = {name: value for name, value in row.details.items() if name not in LAID_OUT}
    return [(describe_field(kind, name), _shown(kind, name, value)) for name, value in shown.items()]


def _title_of(entry: dict[str, Any]) -> str:
    kind, verb = describe_kind(str(entry.get("type", ""))), verb_of(str(entry.get("verb", "")))
    return f"{kind}: {entry.get('label', '')} ({verb})"


def _changes(object_type: str, details: dict[str, Any]) -> list[Change]:
    before, after = details.get("before"), details.get("after")
    if not isinstance(before or {}, dict) or not isinstance(after or {}, dict):
        return [Change(capfirst(_("value")), _shown(object_type, "", before), _shown(object_type, "", after))]
    before, after = before or {}, after or {}
    names = list(dict.fromkeys([*details.get("changed", []), *before, *after]))
    return [_change(object_type, name, before, after) for name in names]


def _change(object_type: str, name: str, before: dict[str, Any], after: dict[str, Any]) -> Change:
    label = describe_field(object_type, name)
    if name not in before and name not in after:
        return Change(label, HIDDEN, HIDDEN)
    return Change(label, *(_shown(object_type, name, side.get(name)) for side in (before, after)))


def _shown(object_type: str, name: str, value: Any) -> str:
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if SECRET.search(name) and isinstance(value, str):
        return HIDDEN
    if isinstance(value, list):
        # Translators: stands between the names of roles
        return str(_(", ")).join(_shown(object_type, name, entry) for entry in value)
    if isinstance(value, dict):
        return "; ".join(f"{describe_field('', key)}: {_shown('', key, entry)}" for key, entry in value.items())
    return _in_words(field_of(object_type, name), value)


def _in_words(field: "models.Field[Any, Any] | None", value: Any) -> str:
    """A choice by its label, a moment in the reader's calendar; else the value as it is."""
    if isinstance(field, models.DateTimeField):
        try:
            return show_moment(dt.datetime.fromisoformat(str(value)))
        except ValueError:
            return str(value)
    choices = dict(getattr(field, "flatchoices", None) or [])
    return str(choices.get(value, value))
