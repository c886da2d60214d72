from django.db import models
from django.utils.translation import gettext_lazy as _


class SealDestination(models.Model):
    """How far the seals have been sent to one place off this machine, and why not further."""

    name = models.CharField(_("destination"), max_length=200, unique=True)
    last_number = models.BigIntegerField(_("last seal sent"), default=0)
    last_sent_at = models.DateTimeField(_("sent"), null=True)
    last_error = models.CharField(_("error"), max_length=500, blank=True)
    failing_since = models.DateTimeField(_("failing since"), null=True)

    class Meta:
        verbose_name = _("seal destination")
        verbose_name_plural = _("seal destinations")
        ordering = ["name"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.name
