from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.candidate import Candidate
from accounts.models.user import User
from common.regions import region_choices, region_name


class StaffScope(models.Model):
    """One candidate or one region that a limited staff member may see."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="scopes", verbose_name=_("staff member"))
    candidate = models.ForeignKey(
        Candidate, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("candidate")
    )
    region = models.CharField(_("region"), max_length=32, blank=True, choices=region_choices)

    class Meta:
        verbose_name = _("scope")
        verbose_name_plural = _("scopes")
        constraints = [
            models.CheckConstraint(
                name="scope_names_one_thing",
                condition=models.Q(candidate__isnull=True) ^ models.Q(region=""),
                violation_error_message=_("Choose either a candidate or a region."),
            ),
            models.UniqueConstraint(fields=["user", "candidate", "region"], name="scope_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return self.candidate.name if self.candidate else region_name(self.region)
