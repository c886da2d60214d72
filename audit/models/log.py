from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.labels import describe_action


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
        permissions = [("export_auditlog", _("Can export the audit log"))]
        # By `id` last: each timeline is read newest first. Days are found by it, too (`audit.finding`), as rows come
        # in the order of time; each index more would slow every writer.
        indexes = [
            models.Index(fields=["action", "id"], name="audit_by_action"),
            models.Index(fields=["actor_id", "id"], name="audit_by_actor"),
            models.Index(fields=["object_type", "object_id", "id"], name="audit_by_object"),
            # For `istartswith`, as PostgreSQL is asked for it.
            models.Index(OpClass(Upper("object_label"), name="text_pattern_ops"), name="audit_by_label"),
        ]

    def __str__(self) -> str:
        return " – ".join(filter(None, [describe_action(self.action), self.object_label]))
