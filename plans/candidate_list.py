"""Lists of candidates as people bring them: pasted, or in a file; by code or by name."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import IO

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Candidate
from common.jalali import latin_digits
from common.uploads.rows import read_rows

MOST_ROWS = 10_000  # in a file, empty ones included
HEADINGS = {"code", "candidate code", "candidate", "کد", "کد نامزد", "نامزد"}
# Letters that keyboards of other languages have in the place of Persian ones, and signs that nobody sees.
_ALIKE = str.maketrans("يىك\u200c\u00a0", "ییک  ", "\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Line:
    """One entry of a list, with the number of the line or row that it stands in."""

    number: int
    text: str


@dataclass
class FoundCandidates:
    """Whom a list names, each once and in its order; and which of its lines name nobody, or several."""

    candidates: list[Candidate] = field(default_factory=list)
    unknown: list[Line] = field(default_factory=list)
    ambiguous: list[Line] = field(default_factory=list)


def lines_of_text(text: str) -> list[Line]:
    """The lines of a pasted list that aren't empty."""
    return _filled(text.splitlines())


def lines_of_file(file: IO[bytes]) -> list[Line]:
    """The cells of a file's column of candidates: the one headed `code` or `کد`, else the first.

    `file` must have passed `UploadField`. Raises UploadRefused where it can't be read.
    """
    rows = read_rows(file, at_most=MOST_ROWS)
    headings = [folded(cell) in HEADINGS for cell in rows[0]] if rows else []
    column = headings.index(True) if any(headings) else 0
    cells = [row[column] if column < len(row) else "" for row in rows]
    return _filled(["", *cells[1:]] if any(headings) else cells)


def find_candidates(lines: list[Line], among: QuerySet[Candidate]) -> FoundCandidates:
    """Those of `among` whom the lines name, by code or by whole name, in whatever digits and kinds of letters."""
    by_key: dict[str, set[int]] = defaultdict(set)
    codes: dict[str, int] = {}
    for pk, code, name in among.order_by().values_list("pk", "code", "name").iterator():
        codes[folded(code)] = pk
        by_key[folded(name)].add(pk)
    found, chosen = FoundCandidates(), {}
    for line in lines:
        key = folded(line.text)
        matches = {codes[key]} if key in codes else by_key.get(key, set())
        if len(matches) == 1:
            chosen.update(dict.fromkeys(matches))
        else:
            (found.ambiguous if matches else found.unknown).append(line)
    objects = among.in_bulk(chosen)
    found.candidates = [objects[pk] for pk in chosen]
    return found


def describe_problems(found: FoundCandidates, *, at_most: int = 20) -> list[str]:
    """What is wrong with a list, a sentence for each of its first lines and one for the rest."""
    nobody = _("Line %(number)d: no candidate has the code or name “%(text)s”.")
    several = _("Line %(number)d: several candidates are called “%(text)s”. Write the code.")
    problems = [(line, nobody) for line in found.unknown] + [(line, several) for line in found.ambiguous]
    problems.sort(key=lambda problem: problem[0].number)
    # Isolated (U+2068, U+2069), so that a Latin code doesn't turn the quotation marks of a Persian sentence.
    told = [
        words % {"number": line.number, "text": f"\u2068{line.text[:60]}\u2069"} for line, words in problems[:at_most]
    ]
    if len(problems) > at_most:
        told.append(_("%(count)d further lines name no one candidate either.") % {"count": len(problems) - at_most})
    return told


def _filled(texts: list[str]) -> list[Line]:
    return [Line(number, text.strip()) for number, text in enumerate(texts, start=1) if text.strip()]


def folded(text: str) -> str:
    """What two spellings have in common, in whatever digits and letters of Persian and Arabic keyboards."""
    return " ".join(latin_digits(text.translate(_ALIKE)).casefold().split())
