"""What citizens do: they click and they write. Each row names the update that it came from."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.bot import Bot
from bots.models.person import BotUser


class Click(models.Model):
    """A `/start` or a pressed button."""

    class Kind(models.TextChoices):
        START = "start", _("start")
        BUTTON = "button", _("button")

    bot = models.ForeignKey(Bot, on_delete=models.PROTECT, related_name="+", verbose_name=_("bot"))
    bot_user = models.ForeignKey(BotUser, on_delete=models.CASCADE, related_name="clicks", verbose_name=_("bot user"))
    update_id = models.BigIntegerField(_("update number"), null=True)
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices)
    data = models.CharField(_("data"), max_length=128, blank=True)
    occurred_at = models.DateTimeField(_("time"), db_index=True)

    class Meta:
        verbose_name = _("click")
        verbose_name_plural = _("clicks")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["bot", "update_id"], name="click_once_per_update")]

    def __str__(self) -> str:
        return f"{self.kind} {self.data}".strip()


class Message(models.Model):
    """A message that a citizen sent to the bot in private; an edit replaces its text.

    The table is kept in parts by the month of `occurred_at`; one update makes one message within a part, and the same
    update has the same moment (docs/adr/0013).
    """

    bot = models.ForeignKey(Bot, on_delete=models.PROTECT, related_name="+", verbose_name=_("bot"), db_index=False)
    bot_user = models.ForeignKey(
        BotUser, on_delete=models.CASCADE, related_name="messages", verbose_name=_("bot user"), db_index=False
    )
    update_id = models.BigIntegerField(_("update number"), null=True)
    message_id = models.BigIntegerField(_("message number"), null=True)
    kind = models.CharField(_("kind"), max_length=32)
    text = models.TextField(_("text"), blank=True)
    occurred_at = models.DateTimeField(_("time"), db_index=True)
    edited_at = models.DateTimeField(_("edited"), null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["bot_user", "message_id"], name="message_of_person")]

    def __str__(self) -> str:
        return self.text[:60] or self.kind
