import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from exports.models.run import DataExportLog
from exports.models.schedule import ScheduledExport


class ExportNotice(models.Model):
    """A mail to one person about an export or a schedule. Each is sent once: its row is claimed before it leaves.

    `number` is in the mail's Message-ID. One whose fate isn't known, because the conversation with the mail server
    broke off, is *uncertain* and not sent again by itself.
    """

    class Kind(models.TextChoices):
        READY = "ready", _("the file is ready")
        FAILED = "failed", _("the export failed")
        WITHHELD = "withheld", _("somebody got no link")
        REFUSED = "refused", _("a run could not begin")
        STOPPED = "stopped", _("the schedule was stopped")

    class State(models.TextChoices):
        WAITING = "waiting", _("waits to be sent")
        SENDING = "sending", _("being sent")
        SENT = "sent", _("sent")
        UNCERTAIN = "uncertain", _("perhaps sent")
        FAILED = "failed", _("not sent")
        WITHHELD = "withheld", _("withheld")

    number = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    run = models.ForeignKey(
        DataExportLog, on_delete=models.CASCADE, null=True, related_name="notices", verbose_name=_("export")
    )
    schedule = models.ForeignKey(
        ScheduledExport, on_delete=models.CASCADE, null=True, related_name="notices", verbose_name=_("schedule")
    )
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recipient")
    )
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.WAITING)
    reason = models.TextField(_("reason"), blank=True)
    answer = models.TextField(_("answer of the mail server"), blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    send_after = models.DateTimeField(_("is sent after"), default=timezone.now)
    claimed_at = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("mail about an export")
        verbose_name_plural = _("mails about exports")
        ordering = ["id"]
        default_permissions = ()
        indexes = [
            models.Index(fields=["send_after"], name="notices_to_send", condition=Q(state__in=("waiting", "sending"))),
        ]
        constraints = [
            models.UniqueConstraint(fields=["run", "recipient", "kind"], name="one_notice_of_a_run_for_each_person"),
            models.CheckConstraint(
                name="notice_is_about_something", condition=Q(run__isnull=False) | Q(schedule__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return str(self.number)
