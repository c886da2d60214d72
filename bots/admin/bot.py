import time
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin_scope import ScopedModelAdmin, ScopedRelatedFilter, staff_user
from audit.admin import AuditedModelAdmin
from bots.api.client import PAGE_SECONDS
from bots.care.health import look_at_token
from bots.care.words import needing_care, state_of
from bots.models import Bot
from bots.services.bots import refuse_beyond_bots, set_webhook
from bots.services.care import note_checked_token
from common.admin import latin
from common.errors import DomainError

ACTION_SECONDS = 6.0  # a page may take so long; bots that are left are named


class HttpsUrlField(forms.URLField):
    """An address that is taken as https where no scheme is typed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(assume_scheme="https", **kwargs)


def secret_field(label: Any, help_text: Any) -> forms.CharField:
    """For what is written and never shown."""
    widget = forms.PasswordInput(attrs={"autocomplete": "off", "dir": "ltr"})
    return forms.CharField(label=label, help_text=help_text, required=False, strip=True, widget=widget)


class BotForm(forms.ModelForm):  # type: ignore[type-arg]
    """Token and proxy are written and never shown: an empty field keeps what is stored.

    A new token, or one that is to be used elsewhere, is shown to the platform first. `name_told` is the bot's
    username there; None where the platform couldn't be asked, for which a bot isn't refused.
    """

    token = secret_field(
        _("Token"), _("From BotFather. It is stored encrypted and not shown again; leave empty to keep it.")
    )
    proxy = secret_field(
        _("Proxy"),
        _("Such as http://user:password@host:3128, if the platform is reached only so. Leave empty to keep it."),
    )
    drops_proxy = forms.BooleanField(label=_("Use no proxy any more"), required=False)

    class Meta:
        model = Bot
        fields = ("candidate", "slug", "name", "platform", "token", "api_root", "proxy")
        field_classes = {"api_root": HttpsUrlField}

    asked_platform = False
    name_told: str | None = None

    def clean_token(self) -> str:
        return str(self.cleaned_data["token"] or self.instance.token)

    def clean_proxy(self) -> str:
        return str(self.cleaned_data["proxy"] or self.instance.proxy)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("drops_proxy"):
            cleaned["proxy"] = ""
        index = Bot._meta.get_field("token_index").index_of(cleaned.get("token", ""))
        if index and Bot.objects.filter(token_index=index).exclude(pk=self.instance.pk).exists():
            self.add_error("token", _("Another bot already uses this token."))
        return cleaned

    def _post_clean(self) -> None:
        """The model's own checks come first: nobody is asked over an address that it refuses."""
        before = _way_to(self.instance)
        super()._post_clean()  # type: ignore[misc]
        if not self.errors and self.instance.token and _way_to(self.instance) != before:
            self._show_token()
        if not self.errors and self.instance.pk is None:
            try:
                refuse_beyond_bots(self.instance.candidate)
            except DomainError as error:
                self.add_error(None, str(error))

    def _show_token(self) -> None:
        look = look_at_token(self.instance, answer_seconds=PAGE_SECONDS)
        self.asked_platform, self.name_told = True, look.username
        if look.refuses_token:
            self.add_error("token", _("The platform doesn't know this token. Copy it once more from BotFather."))
        elif look.username is not None:
            self.instance.username = look.username


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("care", _("needs care")), ("paused", _("paused"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Bot]) -> QuerySet[Bot]:
        if self.value() == "care":
            return needing_care(queryset)
        return queryset.filter(paused_at__isnull=False) if self.value() == "paused" else queryset


def _way_to(bot: Bot) -> tuple[str, str, str]:
    return bot.effective_api_root, bot.token, bot.proxy


@admin.register(Bot)
class BotAdmin(ScopedModelAdmin, AuditedModelAdmin):
    form = BotForm
    candidate_path = "candidate"
    audit_hidden_fields = ("token", "proxy", "drops_proxy")
    list_display = ("name", "slug_shown", "candidate", "platform", "has_token", "state")
    list_filter = (StateFilter, "platform", "receives_by", ("candidate", ScopedRelatedFilter), "candidate__region")
    list_select_related = ("candidate", "health")
    search_fields = ("name", "slug", "candidate__name")
    autocomplete_fields = ("candidate",)
    fields = ("candidate", "slug", "name", "platform", "token", "api_root", "proxy")
    secret_fields = ("token", "proxy")
    readonly_fields = (
        "has_token", "username_shown", "proxy_shown", "receives_by", "webhook_path_shown", "state", "paused_at",
    )  # fmt: skip
    actions = ("set_webhooks",)

    def get_fields(self, request: HttpRequest, obj: Bot | None = None) -> Any:
        if obj is None:
            return self.fields
        if not self.has_change_permission(request, obj):  # without a form's widget, Django shows the value itself
            shown = [name for name in self.fields if name not in self.secret_fields]
            return (*shown, *self.readonly_fields)
        drops = ("drops_proxy",) if obj.proxy else ()
        return (*self.fields, *drops, *self.readonly_fields)

    def save_model(self, request: HttpRequest, obj: Bot, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not form.asked_platform:
            return
        if form.name_told is None:
            words = _("The platform could not be reached, so the token is not checked yet. That is done every night.")
            messages.warning(request, words)
        note_checked_token(bot=obj, at=timezone.now() if form.name_told is not None else None)

    @admin.display(description=_("short name"), ordering="slug")
    def slug_shown(self, bot: Bot) -> str:
        return latin(bot.slug)

    @admin.display(description=_("has a token"), boolean=True)
    def has_token(self, bot: Bot) -> bool:
        return bool(bot.token_index)

    @admin.display(description=_("username"))
    def username_shown(self, bot: Bot) -> str:
        return latin(f"@{bot.username}" if bot.username else "")

    @admin.display(description=_("proxy in use"))
    def proxy_shown(self, bot: Bot) -> str:
        return latin(bot.proxy_address)

    @admin.display(description=_("webhook path"))
    def webhook_path_shown(self, bot: Bot) -> str:
        return latin(bot.webhook_path) if bot.pk else ""

    @admin.display(description=_("state"))
    def state(self, bot: Bot) -> str:
        return state_of(bot)

    @admin.action(description=_("Have updates of the selected bots sent here"), permissions=["change"])
    def set_webhooks(self, request: HttpRequest, queryset: QuerySet[Bot]) -> None:
        done, late, give_up_at = 0, [], time.monotonic() + ACTION_SECONDS
        for bot in queryset.select_related("candidate"):
            if time.monotonic() > give_up_at:
                late.append(bot.slug)
                continue
            try:
                set_webhook(bot=bot, actor=staff_user(request), answer_seconds=PAGE_SECONDS)
                done += 1
            except DomainError as error:
                messages.error(request, f"{bot.slug}: {error}")
        if done:
            words = ngettext("%(count)d bot is connected.", "%(count)d bots are connected.", done)
            messages.success(request, words % {"count": done})
        if late:
            words = _("The platforms are slow. Do it once more for: %(bots)s") % {"bots": ", ".join(late)}
            messages.warning(request, words)
