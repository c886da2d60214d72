"""What a submitted form changed, in words fit for the audit log."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.db import models
from django.forms import BaseInlineFormSet, ModelForm
from django.utils.translation import override

from common.fields import EncryptedTextField
from common.text import clean_text

LONGEST_VALUE = 500
SECRET_NAMES = frozenset({"password", "password1", "password2", "usable_password"})


def form_changes(form: "ModelForm[Any]", *, hidden: Iterable[str] = ()) -> dict[str, Any]:
    """The changed fields' names, and their values before and after; objects by their names then, and numbers.

    Encrypted fields, passwords and the fields named in `hidden` give their names only.
    """
    silent = _silent_names(form._meta.model, hidden)
    fields = form.fields
    before = {name: form.get_initial_for_field(fields[name], name) for name in form.changed_data if name in fields}
    after = {name: form.cleaned_data.get(name) for name in before}
    # Some fields, such as one for time zones, take the same value in another type for a change.
    changed = [name for name in before if str(before[name]) != str(after[name])]
    shown = [name for name in changed if name not in silent]
    with override("en"):
        return {
            "changed": changed,
            "before": {name: _chosen(fields[name], before[name]) for name in shown},
            "after": {name: _chosen(fields[name], after[name]) for name in shown},
        }


def formset_changes(formsets: "Iterable[BaseInlineFormSet[Any, Any, Any]]") -> list[dict[str, Any]]:
    """The rows of saved inline formsets that were added, changed or deleted, with values before and after."""
    found: list[dict[str, Any]] = []
    for formset in formsets:
        changes = {id(form.instance): form_changes(form) for form in formset.forms if hasattr(form, "cleaned_data")}
        found += [_related_row("add", row, changes.get(id(row), {})) for row in formset.new_objects]
        found += [_related_row("change", row, changes.get(id(row), {})) for row, _fields in formset.changed_objects]
        found += [_related_row("delete", row, {"before": object_values(row)}) for row in formset.deleted_objects]
    return found


def object_values(obj: models.Model, *, hidden: Iterable[str] = ()) -> dict[str, Any]:
    """The values of an object's fields that aren't empty; those that `form_changes` doesn't tell are left out."""
    silent = _silent_names(type(obj), hidden)
    fields = [field for field in obj._meta.fields if field.editable and not field.primary_key]
    with override("en"):
        values = {field.name: getattr(obj, field.name) for field in fields if field.name not in silent}
        return {name: plain_value(value) for name, value in values.items() if value not in (None, "")}


def plain_value(value: Any) -> Any:
    """`value` as JSON can hold it: objects as name and primary key, moments in ISO, long text cut."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, models.Model):
        return clean_text(f"{value} (#{value.pk})", LONGEST_VALUE)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, models.QuerySet | list | tuple | set | frozenset):
        return sorted((plain_value(entry) for entry in value), key=str)
    return clean_text(str(value), LONGEST_VALUE)


def is_encrypted(field: Any) -> bool:
    """Whether a model field's value is kept encrypted."""
    return isinstance(field, EncryptedTextField)


def _silent_names(model: type[models.Model], hidden: Iterable[str]) -> frozenset[str]:
    return SECRET_NAMES.union(hidden, (field.name for field in model._meta.fields if is_encrypted(field)))


def _chosen(field: forms.Field, value: Any) -> Any:
    """The value of a form's field; a chosen object that is known by its number only is looked up for its name."""
    is_number = isinstance(field, forms.ModelChoiceField) and isinstance(value, int | str) and value
    if is_number and field.queryset is not None:  # type: ignore[attr-defined]
        value = field.queryset.model._base_manager.filter(pk=value).first() or value  # type: ignore[attr-defined]
    return plain_value(value)


def _related_row(verb: str, row: models.Model, changes: dict[str, Any]) -> dict[str, Any]:
    # Django has emptied a deleted row's key by now; its label still says what it was.
    with override("en"):
        label = clean_text(str(row), 200)
    return {"verb": verb, "type": row._meta.label_lower, "id": row.pk, "label": label, **changes}
