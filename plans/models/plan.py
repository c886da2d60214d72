from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.language import reads_persian
from plans.entitlements import validate_entitlements


class Stage(models.TextChoices):
    """Where a plan stands on its way to the counter. Each step is a service's, with a row of history."""

    DRAFT = "draft", _("draft")
    BETA = "beta", _("for testers")
    SCHEDULED = "scheduled", _("scheduled")
    AVAILABLE = "available", _("on sale")
    DISABLED = "disabled", _("off")
    RETIRED = "retired", _("retired")


class Plan(models.Model):
    """What a candidate can buy. Every plan starts switched off; services switch it on."""

    code = models.SlugField(_("code"), max_length=50, unique=True)
    name_fa = models.CharField(_("Persian name"), max_length=150)
    name_en = models.CharField(_("English name"), max_length=150)
    price_rials = models.PositiveBigIntegerField(_("price in rials"), null=True, blank=True)
    entitlements = models.JSONField(
        _("entitlements"),
        default=dict,
        blank=True,
        validators=[validate_entitlements],
        help_text=_('What the plan allows, as names and whole numbers: {"people": 5000, "broadcasts": 10}.'),
    )
    stage = models.CharField(_("stage"), max_length=16, choices=Stage, default=Stage.DRAFT, editable=False)
    is_available_for_purchase = models.BooleanField(_("on sale"), default=False, editable=False)
    release_scheduled_at = models.DateTimeField(_("goes on sale at"), null=True, blank=True, editable=False)
    release_notes = models.TextField(_("release notes"), blank=True, editable=False)
    enabled_at = models.DateTimeField(_("switched on"), null=True, blank=True, editable=False)
    enabled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("switched on by"),
    )

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        ordering = ["price_rials", "code"]
        permissions = [("release_plan", _("Can put plans on sale and take them off"))]
        constraints = [
            models.CheckConstraint(
                name="plan_on_sale_by_stage",
                condition=models.Q(stage=Stage.AVAILABLE, is_available_for_purchase=True)
                | (~models.Q(stage=Stage.AVAILABLE) & models.Q(is_available_for_purchase=False)),
            ),
            models.CheckConstraint(
                name="plan_scheduled_by_stage",
                condition=models.Q(stage=Stage.SCHEDULED, release_scheduled_at__isnull=False)
                | (~models.Q(stage=Stage.SCHEDULED) & models.Q(release_scheduled_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The plan's name in the reader's language."""
        return self.name_fa if reads_persian() else self.name_en
