from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.user import User
from common.networks import NetworkField


class AllowedNetwork(models.Model):
    """A network from which the admin can be reached. Without any, it can be reached from everywhere."""

    network = NetworkField(
        _("network"),
        unique=True,
        help_text=_("Such as 192.0.2.0/24 or 2001:db8::/32; a single address is a network of one."),
        error_messages={"unique": _("This network is in the list already.")},
    )
    note = models.CharField(_("note"), max_length=200, blank=True, help_text=_("Whose network it is."))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("created by")
    )

    class Meta:
        verbose_name = _("allowed network")
        verbose_name_plural = _("allowed networks")
        ordering = ["network"]

    def __str__(self) -> str:
        return str(self.network)
