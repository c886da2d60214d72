from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Candidate
from plans.models.plan import Plan


class BetaFeedback(models.Model):
    """What somebody who uses a plan told us about it, written down by staff."""

    class Kind(models.TextChoices):
        TICKET = "ticket", _("support ticket")
        TECHNICAL_PROBLEM = "technical_problem", _("technical problem")
        OPINION = "opinion", _("opinion")

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="feedback", verbose_name=_("plan"))
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="+", verbose_name=_("candidate"))
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    text = models.TextField(_("what they told"), max_length=5000)
    told_at = models.DateTimeField(_("told"), default=timezone.now)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("written down by"),
    )

    class Meta:
        verbose_name = _("feedback on a plan")
        verbose_name_plural = _("feedback on plans")
        ordering = ["-told_at", "-id"]
        indexes = [models.Index(fields=["plan", "told_at"], name="feedback_by_plan")]

    def __str__(self) -> str:
        return f"{self.plan.code}: {self.get_kind_display()}"
