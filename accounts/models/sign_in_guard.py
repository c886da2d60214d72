from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models.user import User
from accounts.sign_in.limits import Guard, limit_of


class SignInGuardQuerySet(models.QuerySet["SignInGuard"]):
    def locked(self) -> "SignInGuardQuerySet":
        """The guards that let nobody try at present."""
        full = Q(pk__in=[])
        for guard in Guard:
            full |= Q(guard=guard, attempts__gte=limit_of(guard).failures)
        return self.filter(full, ends_at__gt=timezone.now())

    def outdated(self) -> "SignInGuardQuerySet":
        """The guards whose count or lock has ended."""
        return self.filter(ends_at__lte=timezone.now())


class SignInGuard(models.Model):
    """The failed sign-ins that a guard has counted, and until when; at its limit that is the end of the lock.

    The typed name is kept as a keyed hash only: sometimes it is a password typed into the wrong field.
    """

    guard = models.CharField(_("what is locked"), max_length=8, choices=Guard)
    name_fingerprint = models.CharField(max_length=64)
    network = models.CharField(_("address"), max_length=43, blank=True)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, related_name="+", verbose_name=_("staff member")
    )
    attempts = models.PositiveIntegerField(_("failed attempts"))
    ends_at = models.DateTimeField(_("ends"), db_index=True)

    objects = SignInGuardQuerySet.as_manager()

    class Meta:
        verbose_name = _("locked sign-in")
        verbose_name_plural = _("locked sign-ins")
        ordering = ["ends_at"]
        constraints = [
            models.UniqueConstraint(fields=["guard", "name_fingerprint", "network"], name="sign_in_guard_once")
        ]

    def __str__(self) -> str:
        return str(self.user) if self.user else gettext("An unknown name")
