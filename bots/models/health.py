from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from bots.models.bot import Bot


class BotHealth(models.Model):
    """What the platform last told about a bot, and what is wrong with it. Apart from the bot, as it changes often."""

    class Trouble(models.TextChoices):
        TOKEN = "token", _("The platform refuses the token.")
        ADDRESS = "address", _("The platform sends the updates to another address, or nowhere.")
        DELIVERY = "delivery", _("The platform can't deliver updates here.")
        WAITING = "waiting", _("Too many updates wait at the platform.")
        SILENCE = "silence", _("The platform can't be reached.")

    bot = models.OneToOneField(
        Bot, on_delete=models.CASCADE, primary_key=True, related_name="health", verbose_name=_("bot")
    )
    checked_at = models.DateTimeField(_("last looked"), null=True)
    reached_at = models.DateTimeField(_("platform last reached"), null=True)
    token_checked_at = models.DateTimeField(_("token last checked"), null=True)
    waiting = models.PositiveIntegerField(_("updates that wait at the platform"), default=0)
    sends_to = models.CharField(_("sends updates to"), max_length=255, blank=True)
    last_error = models.CharField(_("the platform's last error"), max_length=300, blank=True)
    last_error_at = models.DateTimeField(_("time of the last error"), null=True)
    answer = models.CharField(_("why the last look failed"), max_length=300, blank=True)
    troubles = ArrayField(models.CharField(max_length=8, choices=Trouble.choices), default=list, blank=True)

    class Meta:
        verbose_name = _("health of a bot")
        verbose_name_plural = _("health of bots")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.bot_id}: {', '.join(self.troubles) or '-'}"

    @property
    def troubles_in_words(self) -> list[Any]:
        """Each trouble as a sentence."""
        return [self.Trouble(trouble).label for trouble in self.troubles]
