from django.apps import AppConfig
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class BotsConfig(AppConfig):
    name = "bots"
    verbose_name = _("Bots")

    def ready(self) -> None:
        from accounts.models import Candidate
        from bots.models import Bot, BotUser, InboundUpdate, Poll
        from bots.receivers import follow_plans_at_once
        from bots.services.erasure import ERASE_PERMISSION
        from bots.services.polls import MANAGE_PERMISSION
        from common.admin import register_changelist_tool, register_object_tool
        from plans.signals import subscription_changed

        subscription_changed.connect(follow_plans_at_once, dispatch_uid="bots.follow_plans")

        register_changelist_tool(
            Poll, label=_("New poll"), url_name="bots-staff:poll-create", permission=MANAGE_PERMISSION,
            icon_class="addlink",
        )  # fmt: skip
        register_changelist_tool(
            InboundUpdate, label=_("Backlog and partitions"), url_name="bots-staff:inbox",
            permission="bots.view_inboundupdate",
        )  # fmt: skip
        register_object_tool(
            Poll,
            label=_("Results"),
            address_of=lambda poll: reverse("bots-staff:poll-results", args=[poll.pk]),
            permission="bots.view_poll",
        )
        register_object_tool(
            Bot,
            label=_("Health and limits"),
            address_of=lambda bot: reverse("bots-staff:care", args=[bot.pk]),
            permission="bots.view_bot",
        )
        register_object_tool(
            Bot,
            label=_("Analytics"),
            address_of=lambda bot: reverse("bots-staff:analytics", args=[bot.pk]),
            permission="bots.view_bot",
        )
        register_object_tool(
            Candidate,
            label=_("Analytics"),
            address_of=lambda candidate: reverse("bots-staff:candidate-analytics", args=[candidate.pk]),
            permission="bots.view_bot",
        )
        register_object_tool(
            Candidate,
            label=_("What the bots say"),
            address_of=lambda candidate: reverse("bots-staff:texts", args=[candidate.pk]),
            permission="bots.view_bottext",
        )
        register_object_tool(
            Bot,
            label=_("What it says"),
            address_of=lambda bot: reverse("bots-staff:texts", args=[bot.candidate_id]),
            permission="bots.view_bottext",
        )
        register_object_tool(
            BotUser,
            label=_("Erase this person"),
            address_of=lambda person: reverse("bots-staff:person-erase", args=[person.pk]),
            permission=ERASE_PERMISSION,
        )
