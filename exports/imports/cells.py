"""How the cells of an imported file are read, and shown to people."""

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import override
from import_export.widgets import Widget

from common.jalali import format_local, latin_digits, parse_moment
from plans.candidate_list import folded
from plans.forms import SEPARATORS

LARGEST_NUMBER = 2**63 - 1
LARGEST_COUNT = 2**31 - 1
BETWEEN_CODES = re.compile(r"[\s,;،؛]+")
MIDNIGHT = " 00:00:00"


class TextCell(Widget):  # type: ignore[misc]
    """Text as it stands there. Beginning with a sign of formulas, it is text all the same."""

    def clean(self, value: Any, row: Any = None, **options: Any) -> Any:
        return str(value)

    def shown(self, value: Any) -> str:
        """The value in the reader's words."""
        return "" if value is None else str(value)

    def plain(self, value: Any) -> Any:
        """The value as JSON keeps it, the same for equal values."""
        return value


class CodeCell(TextCell):
    """A code, in whatever digits."""

    def clean(self, value: Any, row: Any = None, **options: Any) -> str:
        return latin_digits(str(value)).strip()


class PhoneCell(TextCell):
    def clean(self, value: Any, row: Any = None, **options: Any) -> str:
        phone = latin_digits(str(value))
        if len(phone) > 32 or (phone and not any(sign.isdigit() for sign in phone)):
            raise ValueError(_("This is no phone number."))
        return phone


class MailCell(TextCell):
    def clean(self, value: Any, row: Any = None, **options: Any) -> str:
        address = str(value)
        try:
            if address:
                validate_email(address)
        except ValidationError as error:
            raise ValueError(_("This is no e-mail address.")) from error
        return address


class NumberCell(TextCell):
    """A whole number in whatever digits, with or without separators of thousands."""

    def __init__(self, *, largest: int = LARGEST_COUNT) -> None:
        super().__init__()
        self.largest = largest

    def clean(self, value: Any, row: Any = None, **options: Any) -> int | None:
        text = latin_digits(str(value)).translate(SEPARATORS)
        if not text:
            return None
        if not text.isascii() or not text.isdigit() or len(text) > 19 or int(text) > self.largest:
            raise ValueError(_("This must be a whole number."))
        return int(text)

    def shown(self, value: Any) -> str:
        return "" if value is None else str(number_format(value, force_grouping=True))


class MomentCell(TextCell):
    """A moment in Tehran's time; Jalali where the year is below 1700."""

    def clean(self, value: Any, row: Any = None, **options: Any) -> dt.datetime | None:
        text = str(value).strip().removesuffix(MIDNIGHT).replace("T", " ")
        if not text:
            return None
        try:
            return parse_moment(text)
        except ValueError as error:
            raise ValueError(_("Write a date such as 1404/09/01 14:30.")) from error

    def shown(self, value: Any) -> str:
        return format_local(value)

    def plain(self, value: Any) -> Any:
        return value.astimezone(dt.UTC).isoformat(timespec="minutes") if value else None


class ChoiceCell(TextCell):
    """One of some codes, or its word in either language."""

    def __init__(self, words: Callable[[], Mapping[str, Any]]) -> None:
        super().__init__()
        self.words = words
        self._codes: dict[str, str] = {}

    def clean(self, value: Any, row: Any = None, **options: Any) -> str:
        key = folded(str(value))
        if not key:
            return ""
        self._codes = self._codes or self._by_word()
        if key not in self._codes:
            raise ValueError(_("“%(text)s” isn't known here.") % {"text": f"\u2068{str(value)[:60]}\u2069"})
        return self._codes[key]

    def shown(self, value: Any) -> str:
        return str(self.words().get(value, value or ""))

    def _by_word(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for language in ("fa", "en"):
            with override(language):
                for code, word in self.words().items():
                    found.setdefault(folded(str(word)), code)
        return found | {folded(code): code for code in self.words()}


class EntitlementsCell(TextCell):
    """Names with whole numbers, as JSON."""

    def clean(self, value: Any, row: Any = None, **options: Any) -> Any:
        text = str(value).strip()
        try:
            return json.loads(text) if text else {}
        except (ValueError, RecursionError) as error:
            raise ValueError(_('Write it such as {"people": 5000}.')) from error

    def shown(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""


class ObjectCell(TextCell):
    """An object by its code; `found` gives those that the file names, by their folded codes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, models.Model] = {}

    def clean(self, value: Any, row: Any = None, **options: Any) -> models.Model | None:
        return self._one(str(value)) if str(value).strip() else None

    def shown(self, value: Any) -> str:
        return f"{value} ({value.code})" if value else ""

    def plain(self, value: Any) -> Any:
        return value.code if value else None

    def _one(self, text: str) -> models.Model:
        key = folded(text)
        if key not in self.found:
            raise ValueError(_("Nothing has the code “%(text)s”.") % {"text": f"\u2068{text[:60]}\u2069"})
        return self.found[key]


class ObjectsCell(ObjectCell):
    """Several objects by their codes, with commas or spaces between them."""

    def clean(self, value: Any, row: Any = None, **options: Any) -> Any:
        found = {found.pk: found for found in (self._one(code) for code in BETWEEN_CODES.split(str(value)) if code)}
        return list(found.values())

    def shown(self, value: Any) -> str:
        return _(", ").join(found.code for found in value or ())

    def plain(self, value: Any) -> Any:
        return sorted(found.code for found in value or ())
