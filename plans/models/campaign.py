from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Candidate
from plans.models.plan import Plan


class DiscountCampaign(models.Model):
    """A code that makes plans cheaper for a while: by a percentage or an amount, with caps that hold."""

    class Kind(models.TextChoices):
        PERCENT = "percent", _("per cent")
        AMOUNT = "amount", _("amount in rials")

    name = models.CharField(_("name"), max_length=150)
    code = models.CharField(_("code"), max_length=40, help_text=_("Persian, Arabic and Latin digits are the same."))
    code_key = models.CharField(max_length=40, unique=True, editable=False)
    kind = models.CharField(_("discount"), max_length=10, choices=Kind)
    value = models.PositiveBigIntegerField(_("how much"))
    plans = models.ManyToManyField(Plan, related_name="campaigns", verbose_name=_("plans"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    uses_at_most = models.PositiveIntegerField(_("uses at most"), null=True, blank=True)
    uses_per_candidate = models.PositiveIntegerField(_("uses for each candidate at most"), default=1)
    use_count = models.PositiveIntegerField(_("uses"), default=0, editable=False)
    is_active = models.BooleanField(_("active"), default=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("discount campaign")
        verbose_name_plural = _("discount campaigns")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(name="campaign_window", condition=models.Q(ends_at__gt=models.F("starts_at"))),
            models.CheckConstraint(
                name="campaign_percent", condition=~models.Q(kind="percent") | models.Q(value__gte=1, value__lte=100)
            ),
            models.CheckConstraint(
                name="campaign_within_cap",
                condition=models.Q(uses_at_most__isnull=True) | models.Q(use_count__lte=models.F("uses_at_most")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CampaignUse(models.Model):
    """One use of a campaign's code, with what it saved."""

    campaign = models.ForeignKey(
        DiscountCampaign, on_delete=models.PROTECT, related_name="uses", verbose_name=_("discount campaign")
    )
    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="+", verbose_name=_("candidate"))
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+", verbose_name=_("plan"))
    saved_rials = models.PositiveBigIntegerField(_("saved rials"))
    used_at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("use of a campaign")
        verbose_name_plural = _("uses of campaigns")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["campaign", "candidate"], name="use_by_campaign_candidate")]

    def __str__(self) -> str:
        return f"{self.campaign}: {self.candidate}"
