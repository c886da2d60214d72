"""`manage.py rotate_keys`: every encrypted value under the active key. It is here, and not in common, to be audited."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from tqdm import tqdm

from audit.services import record
from common.crypto import key_ring
from common.key_rotation import Column, encrypted_columns, rotate
from common.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = (
        "Encrypt every value anew that isn't under the active key (the first of ELECTIONSITE_FIELD_KEYS). The system "
        "may run meanwhile; a run that was stopped can be started again. When no value is left under an old key, it "
        "can be taken out of the key ring. Fails when values exist whose key is missing or that can't be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count the values under each key")
        parser.add_argument("--batch-size", type=int, default=1000, help="values a transaction (default: 1000)")

    def handle(self, *args: Any, dry_run: bool, batch_size: int, **options: Any) -> None:
        if batch_size < 1:
            raise CommandError(_("--batch-size must be at least 1."))
        columns = encrypted_columns()
        for column in columns:
            self._tell(column)
        if not dry_run:
            total = sum(column.outdated for column in columns)
            with tqdm(total=total, unit=" values", disable=None) as bar:
                rotated = sum(self._rotate(column, batch_size, bar) for column in columns)
            words = _("Encrypted anew under the key %(key_id)s: %(count)d values.")
            self.stdout.write(words % {"key_id": key_ring().active_id, "count": rotated})
        problems = [problem for column in columns for problem in _problems(column)]
        if problems:
            raise CommandError("\n".join(problems))

    def _tell(self, column: Column) -> None:
        active = key_ring().active_id
        for key_id, count in sorted(column.counts.items()):
            words = _("%(column)s: %(count)d under the key %(key_id)s")
            note = " " + _("(active)") if key_id == active else ""
            self.stdout.write(words % {"column": column.label, "count": count, "key_id": key_id} + note)

    def _rotate(self, column: Column, batch_size: int, bar: Any) -> int:
        if not column.outdated:
            return 0

        def on_batch(seen: int, written: int) -> None:
            details = {"column": column.label, "values": written, "key_id": key_ring().active_id}
            record(action="common.keys.rotate", actor=None, details=details)
            bar.update(seen)

        return rotate(column, batch_size=batch_size, on_batch=on_batch)


def _problems(column: Column) -> list[str]:
    found = [
        _("%(column)s: %(count)d values need the key %(key_id)s, which isn't in the key ring.")
        % {"column": column.label, "count": count, "key_id": key_id}
        for key_id, count in sorted(column.missing.items())
    ]
    if column.unreadable:
        numbers = ", ".join(str(pk) for pk in column.unreadable[:10])
        words = _("%(column)s: %(count)d values were changed or belong elsewhere: %(numbers)s")
        found.append(words % {"column": column.label, "count": len(column.unreadable), "numbers": numbers})
    return found
