import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from bots.services.replay import CHUNK_LINES, ReplayCheck, check_lines, create_missing_bots, replay_lines, unknown_slugs
from common.management.operator_command import OperatorCommand

SHOWN_BAD_LINES = 10


class Command(OperatorCommand):
    help = (
        "Put updates from a file into the inbox, as if the platform sent them now; the worker makes use of them. "
        "Messages keep their own time; clicks and votes carry none and count as of now."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help='lines of {"bot": SLUG, "update": {…}}, or bare updates with --bot')
        parser.add_argument("--bot", metavar="SLUG", default="", help="the bot of bare updates")
        parser.add_argument(
            "--create-missing", action="store_true", help="make a candidate and a bot for an unknown slug"
        )
        parser.add_argument("--skip-bad-lines", action="store_true", help="pass over lines that are no updates")

    def handle(self, *, file: Path, bot: str, create_missing: bool, skip_bad_lines: bool, **options: Any) -> None:
        check = self._check(file, bot)
        self._judge_bad_lines(file, check, skip_bad_lines)
        self._judge_slugs(check, create_missing)
        new = known = 0
        with file.open("rb") as lines, tqdm(total=check.lines, unit=" updates", disable=None) as bar:
            for chunk_new, chunk_known in replay_lines(lines, bot, file_name=file.name, actor=None):
                new, known = new + chunk_new, known + chunk_known
                bar.update(min(CHUNK_LINES, chunk_new + chunk_known))
        words = _("%(new)d new updates stored, %(known)d were known already.")
        self.stdout.write(self.style.SUCCESS(words % {"new": new, "known": known}))

    def _check(self, file: Path, bot: str) -> ReplayCheck:
        try:
            with file.open("rb") as lines:
                return check_lines(lines, bot)
        except OSError as error:
            reason = {"file": file, "reason": error.strerror}
            raise CommandError(_("%(file)s can't be read: %(reason)s.") % reason) from error

    def _judge_bad_lines(self, file: Path, check: ReplayCheck, skip_bad_lines: bool) -> None:
        if not check.bad:
            return
        shown = "\n".join(f"{file}:{number}: {reason}" for number, reason in check.bad[:SHOWN_BAD_LINES])
        words = {"count": len(check.bad)}
        if not skip_bad_lines:
            advice = _("%(count)d lines are no updates; nothing was stored. --skip-bad-lines passes over them:")
            raise CommandError(f"{advice % words}\n{shown}")
        self.stderr.write(_("%(count)d lines are no updates and are passed over:") % words + f"\n{shown}")

    def _judge_slugs(self, check: ReplayCheck, create_missing: bool) -> None:
        missing = unknown_slugs(check.slugs)
        if not missing:
            return
        if not create_missing:
            message = _("No bot is called %(slugs)s; nothing was stored. --create-missing makes them.")
            raise CommandError(message % {"slugs": ", ".join(sorted(missing))})
        create_missing_bots(missing)
        self.stdout.write(_("Made candidates and bots: %(slugs)s") % {"slugs": ", ".join(sorted(missing))})
