from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.user import User


class PasswordRecord(models.Model):  # noqa: DJ008 (it has nothing to be called by)
    """The hash of a password that somebody has or had, so that it isn't chosen again."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="password_records")
    hash = models.CharField(max_length=128)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("earlier password")
        verbose_name_plural = _("earlier passwords")
        ordering = ["-id"]
