from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_scope import ScopedRelatedFilter, staff_user
from accounts.selectors import limit_to_scopes
from audit.admin import SensitiveReadsMixin
from bots.admin.of_bots import OfBotsAdmin
from bots.analytics.read import people_of
from bots.analytics.snapshot import OTHERS
from bots.models import Bot, BotUser, PersonLookup
from bots.search import PrefixQuery, number_typed, prefix_terms
from bots.staff.story import story_page
from common.admin import BoundedPaginator, JalaliDateRangeFilter, ReadOnlyModelAdmin, latin
from common.crypto import DecryptionError
from common.normalise import normalise_phone
from common.regions import city_choices, city_name

NONE_TOLD = "-"


class LookupFilter(admin.SimpleListFilter):
    """Filters by a column of what people are found by; `-` stands for those who told nothing."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[BotUser]) -> QuerySet[BotUser]:
        value = self.value()
        if value is None or self.parameter_name is None:
            return queryset
        return queryset.filter(**{f"lookup__{self.parameter_name}": "" if value == NONE_TOLD else value})


class CityFilter(LookupFilter):
    """The declared cities, without asking millions of rows which they name."""

    title = _("city")
    parameter_name = "city"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*city_choices(), (NONE_TOLD, str(_("not told")))]


class SourceFilter(LookupFilter):
    """Where people came from: the most frequent sources, as they were counted last."""

    title = _("source")
    parameter_name = "source"
    longest_list = 50

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        bots = limit_to_scopes(Bot.objects.all(), staff_user(request), candidate="candidate")
        counted = people_of(list(bots.values_list("pk", flat=True))).sources
        known = [source for source, _count in counted if source not in ("", OTHERS)][: self.longest_list]
        if (chosen := self.value()) not in (None, NONE_TOLD, *known):
            known.append(str(chosen))
        return [*((source, source) for source in sorted(known)), (NONE_TOLD, str(_("none")))]


class BlockedFilter(admin.SimpleListFilter):
    title = _("has blocked the bot")
    parameter_name = "is_blocked__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("Yes")), ("0", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[BotUser]) -> QuerySet[BotUser]:
        if self.value() is None:
            return queryset
        return queryset.filter(lookup__is_blocked=self.value() == "1")


@admin.register(BotUser)
class BotUserAdmin(OfBotsAdmin, SensitiveReadsMixin, ReadOnlyModelAdmin):
    change_form_template = "bots/person.html"
    paginator = BoundedPaginator
    sensitive_noun = "bots.bot_user"
    sensitive_fields = {"phone_shown": "phone"}
    sensitive_verb = "phone_shown"
    shows_people = True
    list_display = (
        "person", "bot", "city_shown", "source_shown", "clicks", "messages_sent", "blocked", "first_seen_at",
        "last_seen_at",
    )  # fmt: skip
    list_filter = (
        ("bot", ScopedRelatedFilter),
        ("bot__candidate", ScopedRelatedFilter),
        CityFilter,
        SourceFilter,
        BlockedFilter,
        JalaliDateRangeFilter.of("first_seen_at", _("first seen")),
        JalaliDateRangeFilter.of("last_seen_at", _("last seen")),
    )
    list_select_related = ("bot", "bot__candidate")
    search_fields = ("first_name", "last_name", "username")
    search_help_text = _("Beginnings of names or a username, the platform's user number or a whole phone number.")
    fields = (
        "bot", "platform_user_id_shown", "first_name", "last_name", "username_shown", "language_code", "phone_shown",
        "city_shown", "source_shown", "is_blocked", "clicks", "messages_sent", "consented_at", "consent_version_shown",
        "first_seen_at", "last_seen_at",
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
        number = number_typed(search_term)
        if not number:
            terms = prefix_terms(search_term)
            return (queryset.filter(lookup__words=PrefixQuery(terms)) if terms else queryset), False
        by_number = PersonLookup.objects.filter(platform_user_id=int(number)) if len(number) <= 18 else None
        keys = list(by_number.values_list("pk", flat=True)) if by_number is not None else []
        if staff_user(request).has_perm("bots.view_phone"):
            index = BotUser._meta.get_field("phone_index").index_of(normalise_phone(number))
            by_phone = queryset.filter(phone_index=index)
            self.record_search(request, "phone_searched", by_phone)
            keys += by_phone.values_list("pk", flat=True)
        return queryset.filter(pk__in=keys), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        person = self.get_object(request, unquote(object_id))
        extra = {} if person is None else {"person": person, "story": story_page(request, person)}
        return super().change_view(request, object_id, form_url, {**extra, **(extra_context or {})})

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

    @admin.display(description=_("agreed to the text"))
    def consent_version_shown(self, person: BotUser) -> str:
        return latin(person.consent_version)

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
