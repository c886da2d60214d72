from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Candidate


class BotText(models.Model):
    """What a candidate's bots say instead of the standard text (`bots.conversation.words`). Empty: the standard again.

    `version` grows with each change and never starts anew, so that a person's consent names one text for ever.
    """

    class Language(models.TextChoices):
        PERSIAN = "fa", _("Persian")
        ENGLISH = "en", _("English")

    candidate = models.ForeignKey(
        Candidate, on_delete=models.CASCADE, related_name="bot_texts", verbose_name=_("candidate")
    )
    key = models.CharField(_("place"), max_length=32)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices)
    text = models.TextField(_("text"), blank=True)
    version = models.PositiveIntegerField(_("version"), default=1)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("changed by")
    )

    class Meta:
        verbose_name = _("text of a bot")
        verbose_name_plural = _("texts of bots")
        ordering = ["candidate", "key", "language"]
        default_permissions = ("view", "change")
        constraints = [models.UniqueConstraint(fields=["candidate", "key", "language"], name="bot_text_once")]

    def __str__(self) -> str:
        return f"{self.candidate_id}/{self.key}/{self.language}"
