"""Admin pages of the libraries that we use, made to look and read like our own."""

# Importing the libraries' own pages registers them now, so that ours can take their place.
from django.contrib import admin
from django.contrib.auth import admin as auth_admin  # noqa: F401
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django_celery_beat import admin as beat
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    PeriodicTasks,
    SolarSchedule,
)

from audit.admin import AuditedModelAdmin
from common.admin import JalaliDateRangeFilter, TabularInline, latin
from electionsite import settings_admin  # noqa: F401 (registers the page of system settings)

for model in (Group, ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    admin.site.unregister(model)
# Groups are the roles, given on the staff members' page. Clocked and solar schedules would only be noise.


@admin.register(PeriodicTask)
class ScheduledTaskAdmin(AuditedModelAdmin, beat.PeriodicTaskAdmin):  # type: ignore[misc]
    """django-celery-beat's page, audited, without its Gregorian date drill-down and its inline script."""

    change_form_template = None
    date_hierarchy = None
    list_display = ("shown_name", "enabled", "schedule", "last_run_at")
    list_filter = ("enabled", JalaliDateRangeFilter.of("last_run_at", _("last run")))
    actions = ("enable_tasks", "disable_tasks")
    fieldsets = (
        (None, {"fields": ("name", "regtask", "task", "enabled", "description")}),
        (_("Schedule"), {"fields": ("interval", "crontab", "start_time", "last_run_at", "one_off")}),
        (_("Arguments"), {"fields": ("args", "kwargs"), "classes": ("collapse",)}),
        (_("Execution"), {"fields": ("expires", "expire_seconds", "queue", "priority"), "classes": ("collapse",)}),
    )
    readonly_fields = ("last_run_at",)

    @admin.display(description=_("Name"), ordering="name")
    def shown_name(self, task: PeriodicTask) -> str:
        """Ours are translated; a name that staff gave is shown as it is."""
        return gettext(task.name)

    @admin.display(description=_("Schedule"))
    def schedule(self, task: PeriodicTask) -> str:
        return cron_line(task.crontab) if task.crontab else str(task.scheduler or "")

    @admin.action(description=_("Switch on"), permissions=["change"])
    def enable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        self._switch(request, queryset, enabled=True)

    @admin.action(description=_("Switch off"), permissions=["change"])
    def disable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        self._switch(request, queryset, enabled=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[PeriodicTask], *, enabled: bool) -> None:
        with transaction.atomic():
            tasks = list(queryset.exclude(enabled=enabled).select_for_update(of=["self"]))
            for task in tasks:
                self.record_act(request, "enable" if enabled else "disable", task)
            # As django-celery-beat does: a task that was off for a week must not think that it ran last week.
            changes = {"enabled": True} if enabled else {"enabled": False, "last_run_at": None}
            PeriodicTask.objects.filter(pk__in=[task.pk for task in tasks]).update(**changes)
            PeriodicTasks.update_changed()
        if enabled:
            text = ngettext("%d task is switched on.", "%d tasks are switched on.", len(tasks))
        else:
            text = ngettext("%d task is switched off.", "%d tasks are switched off.", len(tasks))
        self.message_user(request, text % len(tasks))


class ScheduledTaskInline(TabularInline):
    """The tasks that run by a schedule."""

    model = PeriodicTask
    fields = ("name", "task", "enabled", "last_run_at")
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True
    verbose_name = _("task that runs by this schedule")
    verbose_name_plural = _("tasks that run by this schedule")

    def has_add_permission(self, *args: object) -> bool:
        return False


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(AuditedModelAdmin):
    list_display = ("line", "minute", "hour", "day_of_week", "day_of_month", "month_of_year", "timezone")
    fields = ("minute", "hour", "day_of_week", "day_of_month", "month_of_year", "timezone")
    inlines = (ScheduledTaskInline,)

    @admin.display(description=_("Schedule"))
    def line(self, schedule: CrontabSchedule) -> str:
        return cron_line(schedule)


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(AuditedModelAdmin):
    inlines = (ScheduledTaskInline,)


def cron_line(schedule: CrontabSchedule) -> str:
    """The five fields in the order of crontab(5)."""
    parts = (schedule.minute, schedule.hour, schedule.day_of_month, schedule.month_of_year, schedule.day_of_week)
    return latin(" ".join(part.replace(" ", "") or "*" for part in parts))
