from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bots.models.bot import Bot
from common.fields import BlindIndexField, EncryptedTextField
from common.normalise import normalise_phone


class BotUser(models.Model):
    """A citizen as one bot knows them; the same citizen in two bots is two rows.

    `click_count` and `message_count` count this person's `Click` and `Message` rows, written in one transaction
    with them, so that lists and exports of millions need no aggregate. `created_at` is when this row came to be, by our
    own clock: after a restore it tells who came back by themselves from who was brought back.
    """

    bot = models.ForeignKey(Bot, on_delete=models.PROTECT, related_name="people", verbose_name=_("bot"))
    platform_user_id = models.BigIntegerField(_("platform's user number"))
    first_name = models.CharField(_("first name"), max_length=128, blank=True)
    last_name = models.CharField(_("last name"), max_length=128, blank=True)
    username = models.CharField(_("username"), max_length=64, blank=True)
    language_code = models.CharField(_("language"), max_length=16, blank=True)
    source = models.CharField(_("source"), max_length=64, blank=True)
    city = models.CharField(_("city"), max_length=32, blank=True)
    phone = EncryptedTextField(_("phone"), blank=True, default="")
    phone_index = BlindIndexField(source="phone", normalise=normalise_phone)
    is_blocked = models.BooleanField(_("has blocked the bot"), default=False)
    stopped_at = models.DateTimeField(_("wants no more messages since"), null=True, blank=True, editable=False)
    consent_version = models.CharField(
        _("agreed to the text"), max_length=32, blank=True, default="", db_default="", editable=False
    )
    consented_at = models.DateTimeField(_("agreed"), null=True, blank=True, editable=False)
    hinted_at = models.DateTimeField(null=True, blank=True, editable=False)
    forget_asked_at = models.DateTimeField(_("asked to be erased"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(null=True, default=timezone.now, editable=False)
    next_text_is = models.CharField(max_length=16, blank=True, editable=False)
    click_count = models.PositiveIntegerField(_("clicks"), default=0)
    message_count = models.PositiveIntegerField(_("messages"), default=0)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("bot user")
        verbose_name_plural = _("bot users")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("view_phone", _("Can see citizens' phone numbers")),
            ("export_botuser", _("Can export bot users")),
            ("erase_botuser", _("Can erase bot users")),
        ]
        constraints = [models.UniqueConstraint(fields=["bot", "platform_user_id"], name="person_once_per_bot")]
        indexes = [
            models.Index(fields=["bot", "-last_seen_at"], name="person_by_activity"),
            models.Index(fields=["first_seen_at"], name="person_by_first_contact"),
            models.Index(fields=["phone_index"], condition=~models.Q(phone_index=""), name="person_by_phone"),
            models.Index(
                fields=["forget_asked_at"], condition=models.Q(forget_asked_at__isnull=False), name="person_to_erase"
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or f"#{self.platform_user_id}"

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()
