"""Form fields for days and moments in the reader's calendar."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from common.jalali import TEHRAN, format_local, parse_date, parse_moment, reads_jalali

PICKER_SCRIPTS = ("admin/js/django_jalali.min.js", "common/date-picker.js")
PICKER_STYLES = ("admin/css/django_jalali.min.css",)


def picker_media() -> forms.Media:
    """The scripts and styles of the Jalali date picker; none for readers of another calendar."""
    if not reads_jalali():
        return forms.Media()
    return forms.Media(js=PICKER_SCRIPTS, css={"all": PICKER_STYLES})


class JalaliDateInput(forms.TextInput):
    """A text input that opens the date picker where the reader counts Jalali days."""

    picks_time = False

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        # A Persian text input would put the day after the time that is typed behind it.
        context["widget"]["attrs"].update({"dir": "ltr", "autocomplete": "off"})
        classes = context["widget"]["attrs"].get("class", "")
        context["widget"]["attrs"]["class"] = f"{classes} jalali".strip()
        if reads_jalali():
            context["widget"]["attrs"]["data-jdp"] = True
            if not self.picks_time:
                context["widget"]["attrs"]["data-jdp-only-date"] = True
        return context

    @property
    def media(self) -> forms.Media:
        return picker_media()


class JalaliDateTimeInput(JalaliDateInput):
    picks_time = True


class JalaliDateField(forms.DateField):
    """A day typed in either calendar and any digits; shown in the reader's calendar."""

    widget = JalaliDateInput

    def to_python(self, value: Any) -> dt.date | None:
        if value in self.empty_values:
            return None
        if isinstance(value, dt.datetime):
            return value.astimezone(TEHRAN).date()
        if isinstance(value, dt.date):
            return value
        try:
            return parse_date(str(value))
        except ValueError as error:
            message = _("Enter a day such as 1404/09/01 or 2025-11-22.")
            raise ValidationError(message, code="invalid") from error

    def prepare_value(self, value: Any) -> Any:
        return format_local(value, with_time=False) if isinstance(value, dt.date) else value


class JalaliDateTimeField(forms.DateTimeField):
    """A moment in Tehran's time typed in either calendar and any digits; shown in the reader's calendar."""

    widget = JalaliDateTimeInput

    def to_python(self, value: Any) -> dt.datetime | None:
        if value in self.empty_values:
            return None
        if isinstance(value, dt.datetime):
            return value
        try:
            return parse_moment(str(value))
        except ValueError as error:
            message = _("Enter a day and a time such as 1404/09/01 14:30 or 2025-11-22 14:30.")
            raise ValidationError(message, code="invalid") from error

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dt.datetime):
            return value
        # Seconds are shown where there are any: saving an untouched form must not move the moment.
        seconds = f":{value:%S}" if value.second else ""
        return f"{format_local(value)}{seconds}"

    def has_changed(self, initial: Any, data: Any) -> bool:
        if isinstance(initial, dt.datetime):
            initial = initial.replace(microsecond=0)
        return bool(super().has_changed(initial, data))
