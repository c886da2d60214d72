"""When a scheduled export is made, and who gets it."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from exports.models import ScheduledExport
from exports.pages.wish_form import LONGEST_PURPOSE

SATURDAY = 5  # the first day of the week in Iran; Monday is 0
DAYS_IN_WEEK = 7
LONGEST_MONTH = 31
MORNING = dt.time(6, 0)
Frequency, Calendar = ScheduledExport.Frequency, ScheduledExport.Calendar


def weekdays() -> list[tuple[int, Any]]:
    """The days of the week as Python counts them, Saturday first."""
    return [(day % DAYS_IN_WEEK, WEEKDAYS[day % DAYS_IN_WEEK]) for day in range(SATURDAY, SATURDAY + DAYS_IN_WEEK)]


class ScheduleForm(forms.Form):
    """Name, time and recipients. What isn't used by the chosen frequency is ignored."""

    name = forms.CharField(label=_("Name"), max_length=150, widget=forms.TextInput({"class": "vTextField"}))
    frequency = forms.ChoiceField(label=_("How often"), choices=Frequency.choices, initial=Frequency.DAILY)
    at_time = forms.TimeField(
        label=_("At"),
        initial=MORNING,
        help_text=_("In Tehran, such as 06:00."),
        widget=forms.TimeInput({"dir": "ltr", "size": 6, "placeholder": "06:00"}, format="%H:%M"),
    )
    weekday = forms.TypedChoiceField(
        label=_("Day of the week"), required=False, choices=weekdays, coerce=int, empty_value=None, initial=SATURDAY
    )
    day_of_month = forms.IntegerField(
        label=_("Day of the month"),
        required=False,
        min_value=1,
        max_value=LONGEST_MONTH,
        initial=1,
        help_text=_("A month that is shorter has it on its last day."),
    )
    calendar = forms.ChoiceField(
        label=_("Months of the calendar"), choices=Calendar.choices, initial=Calendar.JALALI, required=False
    )
    rule = forms.CharField(
        label=_("Rule"),
        required=False,
        max_length=500,
        help_text=_("As in calendars (RFC 5545), such as FREQ=WEEKLY;BYDAY=SA,TU. At most one run an hour."),
        widget=forms.TextInput({"dir": "ltr", "class": "vTextField"}),
    )
    recipients = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label=_("Recipients"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Staff with a mail address. Each gets a link of their own, while they may see what is exported."),
    )
    purpose = forms.CharField(
        label=_("Purpose"),
        required=False,
        max_length=LONGEST_PURPOSE,
        help_text=_("Needed for personal data: what it is needed for. It goes to the audit log."),
        widget=forms.TextInput({"class": "vTextField"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        people = User.objects.filter(is_active=True).exclude(email_index="").order_by("username")
        fields["recipients"].queryset = people
        if not people.exists():
            fields["recipients"].help_text = _("Nobody on the staff has a mail address yet. An owner can add one.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        frequency = cleaned.get("frequency")
        needed = {Frequency.WEEKLY: "weekday", Frequency.MONTHLY: "day_of_month", Frequency.RULE: "rule"}
        for value, name in needed.items():
            if frequency != value:
                cleaned[name] = "" if name == "rule" else None
            elif cleaned.get(name) in (None, "") and name not in self.errors:
                self.add_error(name, _("This is needed."))
        cleaned["calendar"] = cleaned.get("calendar") or Calendar.JALALI
        return cleaned


def initial_of(schedule: ScheduledExport) -> dict[str, Any]:
    """A schedule as its form shows it."""
    kept = {name: getattr(schedule, name) for name in ScheduleForm.base_fields if name != "recipients"}
    return {**kept, "recipients": list(schedule.recipients.values_list("pk", flat=True))}
