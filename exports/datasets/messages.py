from typing import ClassVar

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bots.models import Message
from common.admin.date_filter import within_days
from exports.datasets.base import Dataset, Sheet
from exports.datasets.filter_form import ChoicesField, DayField, FilterForm, ListField
from exports.resources.message import MessageResource

# By time: the table is kept in parts by it, so that they are read one after the other.
MESSAGES = Sheet(
    code="messages",
    title=_("Messages"),
    resource=MessageResource,
    rows=lambda: Message.objects.order_by("occurred_at", "pk"),
    candidate="bot__candidate",
)


class MessageFilters(FilterForm):
    """Which messages."""

    bot = ChoicesField(label=_("Bots"))
    kind = ListField(label=_("Kinds"), help_text=_("Such as text, photo, with commas between them."))
    time_from = DayField(label=_("From"))
    time_to = DayField(label=_("Until"))

    def condition(self, sheet: str) -> Q:
        found = self.any_of({"bot": "bot__slug", "kind": "kind"})
        return found & within_days(Message._meta.get_field("occurred_at"), "occurred_at", self.days("time"))


class MessagesDataset(Dataset):
    code = "messages"
    title = _("Message history")
    description = _("Every message that citizens sent to a bot.")
    permission = "exports.export_messages"
    filter_form = MessageFilters
    sheets_made: ClassVar = (MESSAGES,)
