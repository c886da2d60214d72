from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_scope import ScopedModelAdmin, ScopedRelatedFilter, staff_user
from audit.admin import SensitiveReadsMixin
from bots.models import BotUser
from common.admin import JalaliDateRangeFilter, ReadOnlyModelAdmin, latin
from common.crypto import DecryptionError
from common.jalali import latin_digits
from common.normalise import normalise_phone
from common.regions import city_choices, city_name

NONE_TOLD = "-"


class ToldFilter(admin.SimpleListFilter):
    """Filters by what people told, the column `parameter_name`; `-` stands for those who told nothing."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[BotUser]) -> QuerySet[BotUser]:
        value = self.value()
        if value is None or self.parameter_name is None:
            return queryset
        return queryset.filter(**{self.parameter_name: "" if value == NONE_TOLD else value})


class CityFilter(ToldFilter):
    """The declared cities, without asking millions of rows which they name."""

    title = _("city")
    parameter_name = "city"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*city_choices(), (NONE_TOLD, str(_("not told")))]


class SourceFilter(ToldFilter):
    """Where people came from; the sources that occur, at most fifty."""

    title = _("source")
    parameter_name = "source"
    longest_list = 50

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        people = model_admin.get_queryset(request).order_by("source")
        sources = people.exclude(source="").values_list("source", flat=True).distinct()[: self.longest_list]
        return [*((source, source) for source in sources), (NONE_TOLD, str(_("none")))]


@admin.register(BotUser)
class BotUserAdmin(ScopedModelAdmin, SensitiveReadsMixin, ReadOnlyModelAdmin):
    sensitive_noun = "bots.bot_user"
    sensitive_fields = {"phone_shown": "phone"}
    sensitive_verb = "phone_shown"
    shows_people = True
    candidate_path = "bot__candidate"
    list_display = (
        "person", "bot", "city_shown", "source_shown", "clicks", "messages_sent", "blocked", "first_seen_at",
        "last_seen_at",
    )  # fmt: skip
    list_filter = (
        ("bot", ScopedRelatedFilter),
        ("bot__candidate", ScopedRelatedFilter),
        CityFilter,
        SourceFilter,
        "is_blocked",
        JalaliDateRangeFilter.of("first_seen_at", _("first seen")),
        JalaliDateRangeFilter.of("last_seen_at", _("last seen")),
    )
    list_select_related = ("bot", "bot__candidate")
    search_fields = ("first_name", "last_name", "username")
    search_help_text = _("A name, a username, the platform's user number or a whole phone number.")
    fields = (
        "bot", "platform_user_id_shown", "first_name", "last_name", "username_shown", "language_code", "phone_shown",
        "city_shown", "source_shown", "is_blocked", "clicks", "messages_sent", "first_seen_at", "last_seen_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[BotUser]:
        queryset: QuerySet[BotUser] = super().get_queryset(request)
        # A list of people has no business decrypting their phones.
        return queryset.defer("phone")

    def get_fields(self, request: HttpRequest, obj: BotUser | None = None) -> Any:
        hidden = () if staff_user(request).has_perm("bots.view_phone") else ("phone_shown",)
        return [name for name in self.fields if name not in hidden]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[BotUser], search_term: str
    ) -> tuple[QuerySet[BotUser], bool]:
        number = latin_digits(search_term.strip()).lstrip("+").replace(" ", "").replace("-", "")
        if not number.isascii() or not number.isdecimal():
            return super().get_search_results(request, queryset, search_term)
        found = queryset.filter(platform_user_id=int(number)) if len(number) <= 18 else queryset.none()
        if staff_user(request).has_perm("bots.view_phone"):
            index = BotUser._meta.get_field("phone_index").index_of(normalise_phone(number))
            by_phone = queryset.filter(phone_index=index)
            self.record_search(request, "phone_searched", by_phone)
            found = found | by_phone
        return found, False

    @admin.display(description=_("person"), ordering="first_name")
    def person(self, person: BotUser) -> str:
        return str(person)

    @admin.display(description=_("platform's user number"))
    def platform_user_id_shown(self, person: BotUser) -> str:
        return latin(person.platform_user_id)

    @admin.display(description=_("username"))
    def username_shown(self, person: BotUser) -> str:
        return latin(f"@{person.username}" if person.username else "")

    @admin.display(description=_("phone"))
    def phone_shown(self, person: BotUser) -> str:
        try:
            return latin(person.phone)
        except DecryptionError as error:
            return str(error)

    @admin.display(description=_("city"), ordering="city")
    def city_shown(self, person: BotUser) -> str:
        return city_name(person.city) if person.city else ""

    @admin.display(description=_("source"), ordering="source")
    def source_shown(self, person: BotUser) -> str:
        return latin(person.source)

    @admin.display(description=_("blocked"), ordering="is_blocked")
    def blocked(self, person: BotUser) -> str:
        """A word where it is so and nothing elsewhere: a column of red crosses would cry wolf."""
        return gettext("yes") if person.is_blocked else ""

    @admin.display(description=_("clicks"), ordering="click_count")
    def clicks(self, person: BotUser) -> int:
        return person.click_count

    @admin.display(description=_("messages"), ordering="message_count")
    def messages_sent(self, person: BotUser) -> int:
        return person.message_count
