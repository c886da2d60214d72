from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AuditLog(models.Model):
    """One act. Labels are copied, so that a row outlives what it describes; there are no foreign keys to cascade.

    A trigger refuses UPDATE, DELETE and TRUNCATE (migration 0002); seals prove that nobody got around it.
    """

    occurred_at = models.DateTimeField(_("time"), default=timezone.now)
    action = models.CharField(_("action"), max_length=64)
    actor_id = models.BigIntegerField(_("actor's number"), null=True, blank=True)
    actor_label = models.CharField(_("actor"), max_length=200, blank=True)
    object_type = models.CharField(_("kind of object"), max_length=100, blank=True)
    object_id = models.CharField(_("object's number"), max_length=64, blank=True)
    object_label = models.CharField(_("object"), max_length=200, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    agent = models.CharField(_("browser or program"), max_length=200, blank=True, default="")
    session_id = models.CharField(_("session"), max_length=64, blank=True, default="")
    request_id = models.CharField(_("request"), max_length=64, blank=True, default="")
    details = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering = ["-id"]
        default_permissions = ("view",)
        # By `id` last: each timeline is read newest first. Rows come in the order of time, so a BRIN index, which
        # costs writers next to nothing, finds a span of days.
        indexes = [
            models.Index(fields=["action", "id"], name="audit_by_action"),
            models.Index(fields=["actor_id", "id"], name="audit_by_actor"),
            models.Index(fields=["object_type", "object_id", "id"], name="audit_by_object"),
            BrinIndex(fields=["occurred_at"], name="audit_by_time", pages_per_range=32),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_label}".strip()
