import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Candidate
from common.fields import EncryptedTextField


class DataExportLog(models.Model):
    """A run of an export, from the wish to the file's end.

    Whoever works on it holds it by `claim`, renewed by `seen_at`; a second delivery of its task finds it taken. The
    file lies in the vault, encrypted under `file_key`; once that is gone nobody can read any copy of it.
    """

    class State(models.TextChoices):
        AWAITING_APPROVAL = "approval", _("waits for a second person")
        QUEUED = "queued", _("waiting to begin")
        RUNNING = "running", _("running")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("removed after its time")

    ENDED = (State.READY, State.FAILED, State.CANCELLED, State.EXPIRED)
    UNDER_WAY = (State.QUEUED, State.RUNNING)

    number = models.UUIDField(_("number"), default=uuid.uuid4, unique=True, editable=False)
    dataset = models.CharField(_("dataset"), max_length=32)
    candidate = models.ForeignKey(
        Candidate, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("candidate")
    )
    filters = models.JSONField(_("filters"), default=dict, blank=True)
    columns = ArrayField(models.CharField(max_length=64), verbose_name=_("columns"), default=list, blank=True)
    # Of a bulk export: dataset, candidate (its number or null), filters, columns and format of each file in the ZIP.
    parts = models.JSONField(_("files"), default=list, blank=True)
    format = models.CharField(_("format"), max_length=8)
    language = models.CharField(_("language"), max_length=8, default="fa")
    holds_personal_data = models.BooleanField(_("holds personal data"), default=False)
    purpose = models.CharField(_("purpose"), max_length=200, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("asked for by")
    )
    schedule = models.ForeignKey(
        "exports.ScheduledExport", on_delete=models.SET_NULL, null=True, related_name="runs", verbose_name=_("schedule")
    )
    due_at = models.DateTimeField(_("due"), null=True)
    retry_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="retries")
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("approved by")
    )
    approved_hash = models.CharField(max_length=64, blank=True)

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    reason_code = models.CharField(max_length=64, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    rows_expected = models.PositiveBigIntegerField(_("rows expected"), null=True)
    rows_are_estimated = models.BooleanField(default=False, editable=False)
    rows_written = models.PositiveBigIntegerField(_("rows written"), default=0)
    claim = models.UUIDField(null=True, editable=False)
    seen_at = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    cancel_asked_at = models.DateTimeField(null=True, editable=False)
    cancel_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )

    file_name = models.CharField(_("file"), max_length=200, blank=True)
    storage_name = models.CharField(max_length=200, blank=True, editable=False)
    file_key = EncryptedTextField(blank=True, default="", editable=False)
    file_bytes = models.PositiveBigIntegerField(_("size in bytes"), default=0)
    stored_bytes = models.PositiveBigIntegerField(default=0, editable=False)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    manifest = models.JSONField(_("manifest"), default=dict, blank=True)

    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    expires_at = models.DateTimeField(_("is removed"), null=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("export_candidate_data", _("Can export all data of a candidate")),
            ("export_contributions", _("Can export contributions")),
            ("export_messages", _("Can export messages")),
            ("export_analytics", _("Can export analytics")),
            ("export_poll_results", _("Can export poll results")),
            ("export_exports", _("Can export the list of exports")),
            ("export_plans", _("Can export plans, testers and campaigns")),
            ("export_backup", _("Can make a complete backup")),
            ("approve_export", _("Can approve large exports of others")),
            ("manage_exports", _("Can cancel, retry and remove exports of others")),
        ]
        indexes = [
            models.Index(fields=["state", "id"], name="exports_by_state"),
            models.Index(fields=["asked_by", "-id"], name="exports_by_person"),
            models.Index(fields=["candidate", "-id"], name="exports_by_candidate"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="one_run_for_each_due_moment", fields=["schedule", "due_at"], condition=Q(retry_of__isnull=True)
            ),
            models.CheckConstraint(
                name="ready_export_has_a_file",
                condition=~Q(state="ready") | ~(Q(storage_name="") | Q(file_key="") | Q(sha256="")),
            ),
            models.CheckConstraint(
                name="ready_export_is_whole", condition=~Q(state="ready") | Q(rows_written=models.F("rows_expected"))
            ),
            models.CheckConstraint(
                name="expired_export_has_no_key", condition=~Q(state="expired") | Q(file_key="", storage_name="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} {self.number}"
