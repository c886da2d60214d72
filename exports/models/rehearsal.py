from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class BackupRehearsal(models.Model):
    """That a backup was restored into a scratch database and compared: only then is it known to be one."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        PASSED = "passed", _("all came back")
        FAILED = "failed", _("failed")

    state = models.CharField(_("state"), max_length=8, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True)
    backup_made_at = models.DateTimeField(_("backup of"), null=True)
    rows = models.PositiveBigIntegerField(_("rows"), default=0)
    reason = models.TextField(_("reason"), blank=True)

    class Meta:
        verbose_name = _("rehearsal of a backup")
        verbose_name_plural = _("rehearsals of backups")
        ordering = ["-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d}: {self.state}"
