"""What a plan allows: names with whole numbers."""

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
LARGEST = 10**12


def validate_entitlements(value: Any) -> None:
    """Raises ValidationError unless `value` is an object of names with whole numbers, none below zero."""
    if not isinstance(value, dict):
        raise ValidationError(_('Entitlements must be an object such as {"people": 5000}.'), code="not-an-object")
    for name, amount in value.items():
        if not NAME.fullmatch(name):
            message = _("“%(name)s” can't be a name: use small Latin letters, digits and underscores.")
            raise ValidationError(message, code="name", params={"name": name})
        # bool is an int in Python, but true is no amount.
        if isinstance(amount, bool) or not isinstance(amount, int) or not 0 <= amount <= LARGEST:
            message = _("“%(name)s” must be a whole number, not below zero.")
            raise ValidationError(message, code="amount", params={"name": name})


def describe_entitlements(entitlements: Mapping[str, int]) -> list[str]:
    """What a plan allows, a phrase for each entitlement, in the reader's language."""
    return [_describe(name, amount) for name, amount in sorted(entitlements.items())]


def _describe(name: str, amount: int) -> str:
    count = number_format(amount, force_grouping=True)
    if name == "people":
        return ngettext("Up to %(count)s person", "Up to %(count)s people", amount) % {"count": count}
    if name == "bots":
        return ngettext("Up to %(count)s bot", "Up to %(count)s bots", amount) % {"count": count}
    if name == "broadcasts":
        return ngettext("Up to %(count)s broadcast", "Up to %(count)s broadcasts", amount) % {"count": count}
    return gettext("%(name)s: up to %(count)s") % {"name": name.replace("_", " "), "count": count}
