import argparse
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.jalali import format_local
from common.management.operator_command import OperatorCommand
from exports.models import ScheduledExport
from exports.schedules.timing import timing_of
from exports.schedules.words import describe_timing
from exports.services.due_exports import make_due_exports


class Command(OperatorCommand):
    help = "List the scheduled exports, or begin those whose time has come, as beat does every half a minute."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        listing = acts.add_parser("list", help="what is exported, when, for how many, and what became of it")
        listing.add_argument("--active", action="store_true", help="leave out those that are stopped")
        acts.add_parser("run-due", help="begin what is due; safe beside a running beat")

    def handle(self, *, act: str, **options: Any) -> None:
        if act == "list":
            self._list(only_active=options["active"])
            return
        begun = make_due_exports()
        words = ngettext("%(count)d export has begun.", "%(count)d exports have begun.", begun)
        self.stdout.write(self.style.SUCCESS(words % {"count": begun}))

    def _list(self, *, only_active: bool) -> None:
        schedules = ScheduledExport.objects.select_related("owner").prefetch_related("recipients")
        if only_active:
            schedules = schedules.filter(is_active=True)
        for schedule in schedules:
            self.stdout.write(self._line(schedule))

    def _line(self, schedule: ScheduledExport) -> str:
        values = {
            "number": schedule.pk,
            "name": schedule.name,
            "dataset": schedule.dataset,
            "timing": describe_timing(timing_of(schedule)),
            "recipients": ", ".join(str(user) for user in schedule.recipients.all()),
            "next": format_local(schedule.next_due_at) or _("stopped"),
            "failures": schedule.failures_in_a_row,
        }
        words = _(
            "%(number)d  %(name)s  %(dataset)s  %(timing)s  next: %(next)s  failures: %(failures)d  to %(recipients)s"
        )
        line = words % values
        trouble = schedule.stopped_reason or schedule.last_failure
        return f"{line}\n    {trouble}" if trouble else line
