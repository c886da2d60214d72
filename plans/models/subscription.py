from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Candidate
from plans.models.campaign import CampaignUse
from plans.models.plan import Plan


class Subscription(models.Model):
    """A plan that a candidate bought. Of each candidate one runs at a time.

    No index names the plan, and each page of the table has free room: so a move to another plan writes each row in
    place and touches no index. There are few plans; who asks for the subscribers of one reads the table.
    """

    candidate = models.ForeignKey(
        Candidate, on_delete=models.PROTECT, related_name="subscriptions", verbose_name=_("candidate")
    )
    plan = models.ForeignKey(
        Plan, on_delete=models.PROTECT, related_name="subscriptions", db_index=False, verbose_name=_("plan")
    )
    price_rials = models.PositiveBigIntegerField(_("price paid in rials"))
    campaign_use = models.OneToOneField(
        CampaignUse, on_delete=models.PROTECT, null=True, blank=True, related_name="subscription", editable=False
    )
    is_of_tester = models.BooleanField(_("bought as a tester"), default=False)
    started_at = models.DateTimeField(_("bought"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["candidate"], condition=models.Q(ended_at__isnull=True), name="one_running_subscription"
            )
        ]
        indexes = [models.Index(fields=["started_at"], name="purchases_by_time")]

    def __str__(self) -> str:
        return f"{self.candidate}: {self.plan.code}"
