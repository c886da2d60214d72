"""What an import would do, row by row, and whether that is what somebody has seen."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import User
from common.crypto import content_hash
from exports.imports.kinds import ImportKind
from exports.imports.reading import read_table
from exports.imports.resource import JudgedRow, Outcome


@dataclass(frozen=True)
class Judgement:
    """Each row of a file with what would become of it, and the headings that are left aside."""

    rows: tuple[JudgedRow, ...]
    ignored: tuple[str, ...]

    @property
    def counts(self) -> Counter[Outcome]:
        """How many rows have which outcome."""
        return Counter(row.outcome for row in self.rows)

    @property
    def wrong(self) -> list[JudgedRow]:
        """The rows that can't be imported."""
        return [row for row in self.rows if row.outcome == Outcome.WRONG]

    @property
    def does_anything(self) -> bool:
        """Whether a row is new or changed."""
        return bool(self.counts[Outcome.NEW] + self.counts[Outcome.CHANGED])

    @property
    def digests(self) -> list[str]:
        """A fingerprint of what each row would do."""
        return [row.digest for row in self.rows]

    @property
    def seen(self) -> str:
        """A fingerprint of all of it: what is confirmed is bound to what was shown by it."""
        return content_hash(self.digests)

    def lines_unlike(self, digests: Sequence[str]) -> set[int]:
        """The lines that would do something else than when these fingerprints were taken."""
        return {row.line for row, digest in zip(self.rows, digests, strict=True) if row.digest != digest}


def judge(*, kind: ImportKind, rows: Sequence[Sequence[str]], actor: User | None, dry_run: bool = True) -> Judgement:
    """What the rows of a file would do; unless `dry_run`, they do it, in the caller's transaction.

    Raises UploadRefused as `read_table` does, and DomainError `row-refused`.
    """
    found = read_table(kind, rows, actor)
    judged = kind.resource(actor).run(found.table, found.lines, dry_run=dry_run)
    return Judgement(tuple(judged), found.ignored)
