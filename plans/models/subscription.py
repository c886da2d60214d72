from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Candidate
from plans.models.campaign import CampaignUse
from plans.models.plan import Plan


class Subscription(models.Model):
    """A plan that a candidate bought. Of each candidate one runs at a time.

    `plan` is the one that they have; `bought_plan` the one that they bought, whatever move came after.
    No index names `plan`, and each page of the table has free room: so a move to another plan writes each row in
    place and touches no index. There are few plans; who asks for the subscribers of one reads the table.
    """

    candidate = models.ForeignKey(
        Candidate, on_delete=models.PROTECT, related_name="subscriptions", verbose_name=_("candidate")
    )
    plan = models.ForeignKey(
        Plan, on_delete=models.PROTECT, related_name="subscriptions", db_index=False, verbose_name=_("plan")
    )
    bought_plan = models.ForeignKey(
        Plan,
        on_delete=models.PROTECT,
        related_name="purchases",
        db_index=False,
        editable=False,
        verbose_name=_("plan that was bought"),
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
        indexes = [models.Index(fields=["bought_plan", "started_at"], name="purchases_by_plan")]

    def __str__(self) -> str:
        return f"{self.candidate}: {self.plan.code}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new subscription is to the plan that was bought."""
        if self._state.adding:
            self.bought_plan = self.plan
        super().save(*args, **kwargs)
