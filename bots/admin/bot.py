from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin_scope import ScopedModelAdmin, ScopedRelatedFilter, staff_user
from audit.admin import AuditedModelAdmin
from bots.models import Bot
from bots.services.bots import set_webhook
from common.admin import latin
from common.errors import DomainError


class HttpsUrlField(forms.URLField):
    """An address that is taken as https where no scheme is typed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(assume_scheme="https", **kwargs)


class BotForm(forms.ModelForm):  # type: ignore[type-arg]
    """The token is written and never shown: an empty field keeps the one that is stored."""

    token = forms.CharField(
        label=_("Token"),
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "dir": "ltr"}),
        help_text=_("From BotFather. It is stored encrypted and not shown again; leave empty to keep it."),
    )

    class Meta:
        model = Bot
        fields = ("candidate", "slug", "name", "platform", "token", "api_root")
        field_classes = {"api_root": HttpsUrlField}

    def clean_token(self) -> str:
        return str(self.cleaned_data["token"] or self.instance.token)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        index = Bot._meta.get_field("token_index").index_of(cleaned.get("token", ""))
        if index and Bot.objects.filter(token_index=index).exclude(pk=self.instance.pk).exists():
            self.add_error("token", _("Another bot already uses this token."))
        return cleaned


@admin.register(Bot)
class BotAdmin(ScopedModelAdmin, AuditedModelAdmin):
    form = BotForm
    candidate_path = "candidate"
    audit_hidden_fields = ("token",)
    list_display = ("name", "slug_shown", "candidate", "platform", "has_token")
    list_filter = ("platform", ("candidate", ScopedRelatedFilter), "candidate__region")
    list_select_related = ("candidate",)
    search_fields = ("name", "slug", "candidate__name")
    autocomplete_fields = ("candidate",)
    fields = ("candidate", "slug", "name", "platform", "token", "api_root")
    readonly_fields = ("webhook_path_shown", "has_token")
    actions = ("set_webhooks",)

    def get_fields(self, request: HttpRequest, obj: Bot | None = None) -> Any:
        return (*self.fields, *self.readonly_fields) if obj else self.fields

    @admin.display(description=_("short name"), ordering="slug")
    def slug_shown(self, bot: Bot) -> str:
        return latin(bot.slug)

    @admin.display(description=_("has a token"), boolean=True)
    def has_token(self, bot: Bot) -> bool:
        return bool(bot.token_index)

    @admin.display(description=_("webhook path"))
    def webhook_path_shown(self, bot: Bot) -> str:
        return latin(bot.webhook_path) if bot.pk else ""

    @admin.action(description=_("Have updates of the selected bots sent here"), permissions=["change"])
    def set_webhooks(self, request: HttpRequest, queryset: QuerySet[Bot]) -> None:
        done = 0
        for bot in queryset.select_related("candidate"):
            try:
                set_webhook(bot=bot, actor=staff_user(request))
                done += 1
            except DomainError as error:
                messages.error(request, f"{bot.slug}: {error}")
        if done:
            words = ngettext("%(count)d bot is connected.", "%(count)d bots are connected.", done)
            messages.success(request, words % {"count": done})
