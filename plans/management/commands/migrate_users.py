"""`manage.py migrate_users OLD NEW --reason …`: move everybody who has a plan to another, go on, or undo."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from common.errors import DomainError
from common.jalali import format_local
from common.management.operator_command import OperatorCommand
from plans.models import SubscriberMove
from plans.services.moves import preview_move, queue_move, queue_undo, resume_move

INTERRUPTED = 130  # as shells tell Ctrl-C: 128 and the signal's number


class Command(OperatorCommand):
    help = (
        "Move everybody who has the plan OLD to the plan NEW. They keep their subscriptions and the price they paid. "
        "A move that was stopped is gone on with by a worker within minutes, or at once by --resume; one that is done "
        "can be undone for a while by --undo. "
        "Ends with 1 when it is refused or somebody could not be moved, with 130 when it was stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("old", nargs="?", metavar="OLD", help="the code of the plan that they have")
        parser.add_argument("new", nargs="?", metavar="NEW", help="the code of the plan that they get")
        parser.add_argument("--reason", default="", help="why; stands with the move and in the audit log")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--dry-run", action="store_true", help="only say what would happen")
        what.add_argument("--resume", type=int, metavar="ID", help="go on with a move that was stopped")
        what.add_argument("--undo", type=int, metavar="ID", help="move back those whom a move has moved")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["old"] and options["new"]) == bool(options["resume"] or options["undo"]):
            raise CommandError(_("Name the old and the new plan, or a move by --resume or --undo."))
        try:
            if options["dry_run"]:
                self._preview(options["old"], options["new"])
            else:
                self._tell(self._run(self._move_of(options)))
        except DomainError as error:
            raise CommandError(str(error)) from error

    def _move_of(self, options: dict[str, Any]) -> int:
        """The number of the move to run, which is written down before anything is done."""
        if options["resume"]:
            return int(options["resume"])
        if options["undo"]:
            return queue_undo(move_id=options["undo"], reason=options["reason"], actor=None).pk
        codes = {"old_code": options["old"], "new_code": options["new"]}
        return queue_move(**codes, reason=options["reason"], actor=None).pk

    def _run(self, number: int) -> SubscriberMove:
        self.stderr.write(
            _("This is move %(number)s. If it stops, go on with --resume %(number)s.") % {"number": number}
        )
        try:
            with tqdm(unit=" subscribers", disable=None) as bar:

                def show(handled: int, total: int) -> None:
                    bar.total = total
                    bar.update(handled - bar.n)

                return resume_move(move_id=number, on_progress=show)
        except KeyboardInterrupt:
            words = _(
                "Stopped here. What is done stays done. A worker goes on with it in a few minutes; "
                "at once: go on with --resume %(number)s."
            ) % {"number": number}
            raise CommandError(words, returncode=INTERRUPTED) from None

    def _preview(self, old_code: str, new_code: str) -> None:
        preview = preview_move(old_code=old_code, new_code=new_code)
        words = ngettext(
            "%(count)d subscriber would be moved from %(old)s to %(new)s.",
            "%(count)d subscribers would be moved from %(old)s to %(new)s.",
            preview.subscribers,
        )
        self.stdout.write(words % {"count": preview.subscribers, "old": old_code, "new": new_code})
        if preview.price_difference_rials is not None:
            words = _("Difference of the prices, in rials: %(difference)s")
            self.stdout.write(words % {"difference": f"{preview.price_difference_rials:+,}"})
        if preview.old_plan_is_on_sale:
            self.stderr.write(_("%(old)s is on sale: who buys it after the move stays on it.") % {"old": old_code})
        for subscription in preview.first:
            self.stdout.write(f"  {subscription.pk}  {subscription.candidate}")

    def _tell(self, move: SubscriberMove) -> None:
        counts = {name.removesuffix("_count"): value for name, value in vars(move).items() if name.endswith("_count")}
        if move.state == SubscriberMove.State.UNDONE:
            words = _("Move %(number)s is undone: %(returned)d of %(moved)d moved back, %(kept)d stay.")
            self.stdout.write(words % {**counts, "number": move.pk})
            return
        words = _("Move %(number)s is done: of %(before)d, %(moved)d moved, %(skipped)d skipped, %(failed)d failed.")
        self.stdout.write(words % {**counts, "number": move.pk})
        if move.undo_until:
            words = _("It can be undone until %(time)s Tehran time, with --undo %(number)s.")
            self.stdout.write(words % {"time": format_local(move.undo_until), "number": move.pk})
        if move.failed_count:
            raise CommandError(_("Somebody could not be moved. The move's page says who, and why."))
