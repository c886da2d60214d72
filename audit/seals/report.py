"""What verifying the log found, in words."""

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

MOST_FINDINGS = 1000


class Kind(StrEnum):
    ROW_CHANGED = "row-changed"
    ROW_MISSING = "row-missing"
    ROW_INSERTED = "row-inserted"
    SEAL_CHANGED = "seal-changed"
    SEAL_MISSING = "seal-missing"
    SEAL_KEY_MISSING = "seal-key-missing"
    CHAIN_BROKEN = "chain-broken"
    COPY_DIFFERS = "copy-differs"
    COPY_UNREADABLE = "copy-unreadable"
    NOT_SEALED = "not-sealed"


WORDS = {
    Kind.ROW_CHANGED: gettext_noop("Row %(row)s was changed after it was sealed (seal %(seal)s)."),
    Kind.ROW_MISSING: gettext_noop("Row %(row)s was removed after it was sealed (seal %(seal)s)."),
    Kind.ROW_INSERTED: gettext_noop("Row %(row)s was inserted among rows that were sealed already (seal %(seal)s)."),
    Kind.SEAL_CHANGED: gettext_noop("Seal %(seal)s was changed, or made without its key."),
    Kind.SEAL_MISSING: gettext_noop("Seal %(seal)s is missing."),
    Kind.SEAL_KEY_MISSING: gettext_noop(
        "Seal %(seal)s can't be checked: its key “%(note)s” isn't in ELECTIONSITE_AUDIT_KEYS."
    ),
    Kind.CHAIN_BROKEN: gettext_noop("Seal %(seal)s doesn't follow the seal before it."),
    Kind.COPY_DIFFERS: gettext_noop("Seal %(seal)s differs from its copy off this machine."),
    Kind.COPY_UNREADABLE: gettext_noop("A line of the copy can't be read or is forged: %(note)s."),
    Kind.NOT_SEALED: gettext_noop("Row %(row)s and those after it should have been sealed since %(note)s."),
}


@dataclass(frozen=True)
class Finding:
    """Something that isn't as it was sealed."""

    kind: Kind
    seal: int | None = None
    row: int | None = None
    note: str = ""

    def __str__(self) -> str:
        return _(WORDS[self.kind]) % {"row": self.row, "seal": self.seal, "note": self.note}


@dataclass
class Report:
    """What was checked. Only the first thousand findings are kept; `finding_count` counts them all."""

    rows: int = 0
    seals: int = 0
    unsealed_rows: int = 0
    oldest_unsealed_at: dt.datetime | None = None
    finding_count: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        self.finding_count += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)

    @property
    def first_broken_row(self) -> Finding | None:
        """The finding about the row with the smallest id."""
        rows = [finding for finding in self.findings if finding.row is not None]
        return min(rows, key=lambda finding: finding.row or 0, default=None)
