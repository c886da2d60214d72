from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bots.models.bot import Bot
from bots.models.person import BotUser


class OutboxMessage(models.Model):
    """What a bot is to say to a person. Written in the transaction of its cause and sent after it, by a sender.

    `cause` names what it is said for, such as `contribution-answer:12`: one cause makes one message, however often
    the cause is handled. The platform knows no such key, so a message that was under way when its sender died is
    *uncertain* and isn't sent again by itself.
    """

    class Kind(models.TextChoices):
        ANSWER = "answer", _("answer to a contribution")
        REPLY = "reply", _("reply of the bot")

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        BLOCKED = "blocked", _("blocked by the person")
        UNCERTAIN = "uncertain", _("uncertain")

    bot = models.ForeignKey(Bot, on_delete=models.PROTECT, related_name="+", verbose_name=_("bot"))
    bot_user = models.ForeignKey(BotUser, on_delete=models.CASCADE, related_name="outbox", verbose_name=_("bot user"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    payload = models.JSONField(_("call"), help_text=_("The call of the Bot API with its method."))
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.QUEUED)
    cause = models.CharField(_("cause"), max_length=100, unique=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    due_at = models.DateTimeField(_("due"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["bot", "due_at", "id"], condition=models.Q(state="queued"), name="outbox_queued"),
            models.Index(fields=["id"], condition=models.Q(state="sending"), name="outbox_under_way"),
        ]

    def __str__(self) -> str:
        return str(self.payload.get("text", ""))[:60] or self.cause
