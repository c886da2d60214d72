import datetime as dt
import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.fields import EncryptedTextField


class DataImport(models.Model):
    """A file that somebody imported: what it did, and the former values for as long as it can be undone.

    `number` is that of the preview that was confirmed, so that it is carried out once. `rows` is JSON: the list of
    `exports.imports.undoing.DoneRow`.
    """

    class State(models.TextChoices):
        DONE = "done", _("done")
        UNDONE = "undone", _("undone")
        PARTLY_UNDONE = "partly_undone", _("undone in part")

    class Kind(models.TextChoices):
        CANDIDATES = "candidates", _("candidates")
        PLANS = "plans", _("plans")
        TESTERS = "testers", _("beta testers")
        CAMPAIGNS = "campaigns", _("discount campaigns")

    number = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.DONE)
    file_name = models.CharField(_("file"), max_length=200)
    created_count = models.PositiveIntegerField(_("new"), default=0)
    changed_count = models.PositiveIntegerField(_("changed"), default=0)
    unchanged_count = models.PositiveIntegerField(_("unchanged"), default=0)
    kept_count = models.PositiveIntegerField(_("not undone"), default=0)
    rows = EncryptedTextField(_("former values"), blank=True, default="")
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("imported by")
    )
    done_at = models.DateTimeField(_("imported"), default=timezone.now)
    undo_until = models.DateTimeField(_("can be undone until"))
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("undone by")
    )
    undone_at = models.DateTimeField(_("undone at"), null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("import_data", _("Can import candidates, plans, testers and campaigns from files"))]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"

    def can_be_undone(self, now: dt.datetime) -> bool:
        """Whether its time isn't over, and something of it is still there to undo."""
        return self.state != self.State.UNDONE and bool(self.rows) and now < self.undo_until
