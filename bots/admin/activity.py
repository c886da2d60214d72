from typing import ClassVar

from django.contrib import admin
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from accounts.admin_scope import ScopedRelatedFilter
from audit.admin import SensitiveReadsMixin
from bots.admin.of_bots import OfBotsAdmin
from bots.models import Click, Contribution, Message
from common.admin import JalaliDateRangeFilter, ReadOnlyModelAdmin, latin

TIME_FILTER = JalaliDateRangeFilter.of("occurred_at", _("time"))
SHOWN_CHARACTERS = 80


class ActivityAdmin(OfBotsAdmin, SensitiveReadsMixin, ReadOnlyModelAdmin):
    """What citizens did, newest first. Who looks at it is recorded: it names them beside a candidate."""

    shows_people = True
    list_select_related: ClassVar[tuple[str, ...]] = ("bot", "bot_user")

    @admin.display(description=_("text"))
    def text_shown(self, activity: Message | Contribution) -> str:
        return Truncator(activity.text).chars(SHOWN_CHARACTERS)


@admin.register(Click)
class ClickAdmin(ActivityAdmin):
    sensitive_noun = "bots.click"
    list_filter = (("bot", ScopedRelatedFilter), "kind", TIME_FILTER)
    list_display = ("occurred_at", "bot_user", "bot", "kind", "data_shown")
    fields = ("occurred_at", "bot_user", "bot", "kind", "data_shown")

    @admin.display(description=_("data"))
    def data_shown(self, click: Click) -> str:
        return latin(click.data)


@admin.register(Message)
class MessageAdmin(ActivityAdmin):
    sensitive_noun = "bots.message"
    list_filter = (("bot", ScopedRelatedFilter), TIME_FILTER)
    list_display = ("occurred_at", "bot_user", "bot", "kind", "text_shown")
    fields = ("occurred_at", "edited_at", "bot_user", "bot", "kind", "text")
    search_fields = ("text",)
