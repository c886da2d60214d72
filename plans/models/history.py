from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from plans.models.plan import Stage


class Step(models.TextChoices):
    """What happened to a plan."""

    OPENED_TO_TESTERS = "opened_to_testers", _("opened to testers")
    CLOSED_TO_TESTERS = "closed_to_testers", _("closed to testers")
    SCHEDULED = "scheduled", _("release scheduled")
    RESCHEDULED = "rescheduled", _("release moved")
    CANCELLED = "cancelled", _("scheduled release cancelled")
    ENABLED = "enabled", _("put on sale")
    RELEASED = "released", _("put on sale by its schedule")
    FAILED = "failed", _("scheduled release failed")
    DISABLED = "disabled", _("taken off sale")
    RETIRED = "retired", _("retired")


class PlanReleaseHistory(models.Model):
    """One step of a plan, written once: who, when, why. It outlives the plan, whose code it keeps.

    A trigger refuses UPDATE, DELETE and TRUNCATE.
    """

    plan_code = models.CharField(_("plan"), max_length=50)
    step = models.CharField(_("what happened"), max_length=20, choices=Step)
    stage_before = models.CharField(_("stage before"), max_length=16, choices=Stage)
    stage_after = models.CharField(_("stage after"), max_length=16, choices=Stage)
    actor_id = models.BigIntegerField(_("person's number"), null=True)
    actor_label = models.CharField(_("person"), max_length=200, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    notes = models.TextField(_("release notes"), blank=True)
    scheduled_for = models.DateTimeField(_("goes on sale at"), null=True)
    happened_at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("step of a plan")
        verbose_name_plural = _("history of plans")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("export_planreleasehistory", _("Can export the history of plans"))]
        indexes = [models.Index(fields=["plan_code", "id"], name="history_by_plan")]

    def __str__(self) -> str:
        return f"{self.plan_code}: {self.get_step_display()}"
