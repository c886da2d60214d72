from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bots.models import Poll, PollAnswer, PollOption
from common.admin.date_filter import within_days
from common.jalali import latin_digits
from exports.datasets.base import Dataset, Sheet
from exports.datasets.filter_form import ChoicesField, DayField, EitherField, FilterForm, ListField
from exports.resources.poll import PollAnswerResource, PollOptionResource

LONGEST_NUMBER = 18  # digits
RESULTS = Sheet(
    code="results",
    title=_("Results of polls"),
    resource=PollOptionResource,
    rows=lambda: PollOption.objects.order_by("poll_id", "position"),
    candidate="poll__bot__candidate",
)
VOTES = Sheet(
    code="votes",
    title=_("Votes"),
    resource=PollAnswerResource,
    rows=lambda: PollAnswer.objects.order_by("poll_id", "pk"),
    candidate="poll__bot__candidate",
)


class PollFilters(FilterForm):
    """Which polls."""

    bot = ChoicesField(label=_("Bots"))
    poll = ListField(label=_("Polls"), help_text=_("Numbers of polls, with commas between them."))
    is_closed = EitherField(label=_("Closed"))
    created_from = DayField(label=_("Created from"))
    created_to = DayField(label=_("Created until"))

    def clean_poll(self) -> list[str]:
        numbers: list[str] = [latin_digits(number) for number in self.cleaned_data["poll"]]
        if not all(number.isdecimal() and len(number) <= LONGEST_NUMBER for number in numbers):
            raise ValidationError(_("Enter numbers of polls with commas between them."))
        return numbers

    def condition(self, sheet: str) -> Q:
        found = self.any_of({"bot": "poll__bot__slug", "poll": "poll"})
        if self.cleaned_data["is_closed"] is not None:
            found &= Q(poll__is_closed=self.cleaned_data["is_closed"])
        return found & within_days(Poll._meta.get_field("created_at"), "poll__created_at", self.days("created"))


class PollResultsDataset(Dataset):
    code = "poll_results"
    title = _("Poll results")
    description = _("How often each option was chosen, and by whom.")
    permission = "exports.export_poll_results"
    filter_form = PollFilters
    sheets_made: ClassVar = (RESULTS, VOTES)
