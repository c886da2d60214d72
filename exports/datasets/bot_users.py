from typing import Any, ClassVar, cast

from django.db.models import Field, Q
from django.utils.translation import gettext_lazy as _

from bots.admin.bot_user import NONE_TOLD
from bots.models import BotUser
from common.admin.date_filter import within_days
from common.regions import city_choices, region_choices
from exports.datasets.base import Dataset, Sheet
from exports.datasets.filter_form import ChoicesField, DayField, EitherField, FilterForm, ListField
from exports.resources.bot_user import BotUserResource

PHONE_PERMISSION = "bots.view_phone"
PEOPLE = Sheet(
    code="people",
    title=_("Bot users"),
    resource=BotUserResource,
    rows=lambda: BotUser.objects.order_by("pk"),
    candidate="bot__candidate",
    guarded={"phone": PHONE_PERMISSION},
)


class PeopleFilters(FilterForm):
    """Which people."""

    bot = ChoicesField(label=_("Bots"))
    region = ChoicesField(label=_("Regions"), choices=region_choices)
    city = ChoicesField(label=_("Cities"), choices=lambda: [*city_choices(), (NONE_TOLD, _("not told"))])
    source = ListField(label=_("Sources"), help_text=_("As in their links, with commas between them."))
    is_blocked = EitherField(label=_("Have blocked the bot"))
    first_seen_from = DayField(label=_("First seen from"))
    first_seen_to = DayField(label=_("First seen until"))
    last_seen_from = DayField(label=_("Last seen from"))
    last_seen_to = DayField(label=_("Last seen until"))

    def condition(self, sheet: str) -> Q:
        paths = {"bot": "bot__slug", "region": "bot__candidate__region", "city": "city", "source": "source"}
        found = self.any_of(paths)
        if self.cleaned_data["is_blocked"] is not None:
            found &= Q(is_blocked=self.cleaned_data["is_blocked"])
        for name in ("first_seen", "last_seen"):
            path = f"{name}_at"
            found &= within_days(cast("Field[Any, Any]", BotUser._meta.get_field(path)), path, self.days(name))
        return found


class BotUsersDataset(Dataset):
    code = "bot_users"
    title = _("Bot users")
    description = _("The people who have written to a bot, with city, source and activity.")
    permission = "bots.export_botuser"
    filter_form = PeopleFilters
    sheets_made: ClassVar = (PEOPLE,)
    action = "exports.bot_users.export"


def people_columns(*, with_phones: bool) -> tuple[str, ...]:
    """The names of the columns of people, with or without their phones."""
    names = BotUserResource().get_export_order()
    return tuple(name for name in names if with_phones or name != "phone")
