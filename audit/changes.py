"""What a submitted form changed, in words fit for the audit log."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.forms import BaseInlineFormSet, ModelForm

from common.fields import EncryptedTextField
from common.text import clean_text

LONGEST_VALUE = 500
SECRET_NAMES = frozenset({"password", "password1", "password2", "usable_password"})


def form_changes(form: "ModelForm[Any]", *, hidden: Iterable[str] = ()) -> dict[str, Any]:
    """The changed fields' names, and their values before and after.

    Encrypted fields, passwords and the fields named in `hidden` give their names only.
    """
    encrypted = {field.name for field in form._meta.model._meta.fields if is_encrypted(field)}
    silent = SECRET_NAMES.union(hidden, encrypted)
    changed = [name for name in form.changed_data if name in form.fields]
    shown = [name for name in changed if name not in silent]
    return {
        "changed": changed,
        "before": {name: plain_value(form.get_initial_for_field(form.fields[name], name)) for name in shown},
        "after": {name: plain_value(form.cleaned_data.get(name)) for name in shown},
    }


def formset_changes(formsets: "Iterable[BaseInlineFormSet[Any, Any, Any]]") -> list[dict[str, Any]]:
    """The rows of saved inline formsets that were added, changed or deleted."""
    found: list[dict[str, Any]] = []
    for formset in formsets:
        rows: list[tuple[str, models.Model, list[str]]] = [("add", row, []) for row in formset.new_objects]
        rows += [("change", row, list(fields)) for row, fields in formset.changed_objects]
        rows += [("delete", row, []) for row in formset.deleted_objects]
        found += [_related_row(verb, row, fields) for verb, row, fields in rows]
    return found


def plain_value(value: Any) -> Any:
    """`value` as JSON can hold it: objects as their primary key, moments in ISO, long text cut."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, models.Model):
        return plain_value(value.pk)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, models.QuerySet | list | tuple | set | frozenset):
        return sorted((plain_value(entry) for entry in value), key=str)
    return clean_text(str(value), LONGEST_VALUE)


def is_encrypted(field: Any) -> bool:
    """Whether a model field's value is kept encrypted."""
    return isinstance(field, EncryptedTextField)


def _related_row(verb: str, row: models.Model, fields: list[str]) -> dict[str, Any]:
    # Django has emptied a deleted row's key by now; its label still says what it was.
    entry = {"verb": verb, "type": row._meta.label_lower, "id": plain_value(row.pk), "label": clean_text(str(row), 200)}
    return {**entry, "changed": fields} if fields else entry
