"""Reading the copies of seals that were kept off this machine."""

from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

from audit.seals.chain import Seal, from_line, is_genuine
from audit.seals.report import Finding, Kind, Report

ABSENT = -1


class SealCopies:
    """Seals of files with a line of JSON each. A seal may stand in them more than once.

    Only where each seal stands is kept in memory, eight bytes a seal.
    """

    def __init__(self, paths: Sequence[Path], report: Report) -> None:
        self._files = [path.open("rb") for path in paths]
        self._positions = [array("q") for _path in paths]
        for file, positions in zip(self._files, self._positions, strict=True):
            for number, position in _genuine_seals(file, report):
                positions.extend([ABSENT] * (number + 1 - len(positions)))
                positions[number] = position

    @property
    def last_number(self) -> int:
        """The number of the newest seal; 0 without any."""
        return max((len(positions) - 1 for positions in self._positions if positions), default=0)

    def get(self, number: int) -> Seal | None:
        """The seal `number`, where a file has it."""
        for file, positions in zip(self._files, self._positions, strict=True):
            if number < len(positions) and positions[number] != ABSENT:
                file.seek(positions[number])
                return from_line(file.readline().decode())
        return None

    def close(self) -> None:
        for file in self._files:
            file.close()


def _genuine_seals(file: "Iterator[bytes]", report: Report) -> Iterator[tuple[int, int]]:
    """Number and position of each seal of a file that a holder of the key made; the others are reported."""
    position = 0
    for line_number, line in enumerate(file, start=1):
        if line.strip():
            try:
                seal = from_line(line.decode())
                if not is_genuine(seal):
                    raise ValueError
                yield seal.number, position
            except ValueError:
                name = Path(getattr(file, "name", "")).name
                report.add(Finding(Kind.COPY_UNREADABLE, note=f"{name}:{line_number}"))
        position += len(line)
