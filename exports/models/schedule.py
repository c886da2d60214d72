import datetime as dt

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Candidate
from common.jalali import in_tehran


def today_in_tehran() -> dt.date:
    """The day that it is in Iran now."""
    return in_tehran(timezone.now()).date()


class ScheduledExport(models.Model):
    """An export that is made again and again, in Tehran's time, and sent to staff by mail as a link.

    `next_due_at` is the moment of the next run; whoever makes that run moves it on in the same transaction, under the
    row's lock, so each is made once. Five failures one after the other stop it.
    """

    class Frequency(models.TextChoices):
        DAILY = "daily", _("every day")
        WEEKLY = "weekly", _("every week")
        MONTHLY = "monthly", _("every month")
        RULE = "rule", _("by a rule")

    class Calendar(models.TextChoices):
        JALALI = "jalali", _("Jalali")
        GREGORIAN = "gregorian", _("Gregorian")

    name = models.CharField(_("name"), max_length=150)
    dataset = models.CharField(_("dataset"), max_length=32)
    candidate = models.ForeignKey(
        Candidate, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("candidate")
    )
    filters = models.JSONField(_("filters"), default=dict, blank=True)
    columns = ArrayField(models.CharField(max_length=64), verbose_name=_("columns"), default=list, blank=True)
    format = models.CharField(_("format"), max_length=8)
    language = models.CharField(_("language"), max_length=8, default="fa")
    purpose = models.CharField(_("purpose"), max_length=200, blank=True)

    frequency = models.CharField(_("how often"), max_length=8, choices=Frequency)
    calendar = models.CharField(_("calendar"), max_length=10, choices=Calendar, default=Calendar.JALALI)
    at_time = models.TimeField(_("at"))
    weekday = models.PositiveSmallIntegerField(_("day of the week"), null=True, blank=True)  # Monday is 0, as in Python
    day_of_month = models.PositiveSmallIntegerField(_("day of the month"), null=True, blank=True)
    rule = models.CharField(_("rule"), max_length=500, blank=True)  # an RRULE of RFC 5545
    # Where a rule begins to count, such as that of each second week.
    starts_on = models.DateField(_("counts from"), default=today_in_tehran)

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("owner")
    )
    recipients = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", verbose_name=_("recipients"))
    is_active = models.BooleanField(_("active"), default=True)
    next_due_at = models.DateTimeField(_("next run"), null=True)
    last_due_at = models.DateTimeField(_("last run"), null=True)
    failures_in_a_row = models.PositiveSmallIntegerField(_("failures in a row"), default=0)
    last_failure = models.TextField(_("last failure"), blank=True)
    stopped_reason = models.TextField(_("why it was stopped"), blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("scheduled export")
        verbose_name_plural = _("scheduled exports")
        ordering = ["name", "id"]
        permissions = [("manage_schedules", _("Can change and stop scheduled exports of others"))]
        indexes = [models.Index(fields=["is_active", "next_due_at"], name="schedules_by_due")]
        constraints = [
            models.CheckConstraint(
                name="active_schedule_has_a_next_run", condition=Q(is_active=False) | Q(next_due_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return self.name
