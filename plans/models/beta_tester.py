from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Candidate
from plans.models.plan import Plan


class BetaTester(models.Model):
    """A candidate who may buy a plan before it is on sale, from entry to exit."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="testers", verbose_name=_("plan"))
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="+", verbose_name=_("candidate"))
    entered_at = models.DateTimeField(_("entered"), default=timezone.now)
    left_at = models.DateTimeField(_("left"), null=True, blank=True)
    exit_reason = models.CharField(_("reason for leaving"), max_length=200, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("added by"),
    )

    class Meta:
        verbose_name = _("beta tester")
        verbose_name_plural = _("beta testers")
        ordering = ["-entered_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "candidate"], condition=models.Q(left_at__isnull=True), name="tester_once_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.plan.code}: {self.candidate}"
