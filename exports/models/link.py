import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from exports.models.run import DataExportLog


class DownloadLink(models.Model):
    """Leave to fetch an export's file once, for an hour. The token that people hold is signed, and not kept here.

    Whoever used it may go on with a download that broke off, until `resumable_until`, by the ticket that only their
    browser has.
    """

    number = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    run = models.ForeignKey(DataExportLog, on_delete=models.CASCADE, related_name="links", verbose_name=_("export"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("made by")
    )
    only_for = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("only for"),
    )
    created_at = models.DateTimeField(_("made"), default=timezone.now)
    expires_at = models.DateTimeField(_("ends"))
    used_at = models.DateTimeField(_("used"), null=True)
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("used by")
    )
    used_from = models.GenericIPAddressField(_("used from"), null=True)
    ticket_hash = models.CharField(max_length=64, blank=True, editable=False)
    resumable_until = models.DateTimeField(null=True, editable=False)
    delivered_at = models.DateTimeField(_("delivered whole"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("revoked by")
    )

    class Meta:
        verbose_name = _("download link")
        verbose_name_plural = _("download links")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="used_link_has_a_ticket", condition=Q(used_at__isnull=True) | ~Q(ticket_hash="")
            )
        ]

    def __str__(self) -> str:
        return str(self.number)
