from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.bot import Bot
from common.fields import EncryptedTextField


class InboundUpdate(models.Model):
    """The inbox: each update as it came, byte for byte, before anything is made of it.

    The body is kept encrypted, as it may hold a phone number; encrypted it is also safe from what PostgreSQL's jsonb
    refuses and JSON allows (NUL, lone surrogates, enormous numbers). JSON is UTF-8, so text and bytes are the same.
    `update_id` is null where the body has none that fits, so that such a body is kept too.

    The table is kept in parts by the day of `received_at`, which old ones are dropped of; an update is unique within
    its part, and whoever stores one looks into the others (docs/adr/0013). Say when, where many are read or changed.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        PROJECTED = "projected", _("used")
        UNUSED = "unused", _("kept, not used")
        REJECTED = "rejected", _("rejected")

    class Source(models.TextChoices):
        WEBHOOK = "webhook", _("webhook")
        POLLING = "polling", _("polling")
        REPLAY = "replay", _("replay")

    bot = models.ForeignKey(
        Bot, on_delete=models.PROTECT, related_name="updates", verbose_name=_("bot"), db_index=False
    )
    update_id = models.BigIntegerField(_("update number"), null=True)
    body = EncryptedTextField(_("body"))
    source = models.CharField(_("came by"), max_length=8, choices=Source.choices)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.PENDING)
    kind = models.CharField(_("kind"), max_length=64, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    received_at = models.DateTimeField(_("received"), auto_now_add=True)
    projected_at = models.DateTimeField(_("handled"), null=True, blank=True)

    class Meta:
        verbose_name = _("inbound update")
        verbose_name_plural = _("inbound updates")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("retry_inboundupdate", _("Can retry rejected updates"))]
        indexes = [
            models.Index(fields=["bot", "id"], condition=models.Q(state="pending"), name="inbox_pending"),
            models.Index(fields=["-id"], condition=models.Q(state="rejected"), name="inbox_rejected"),
        ]

    def __str__(self) -> str:
        return f"{self.bot_id}/{self.update_id if self.update_id is not None else '-'}"
