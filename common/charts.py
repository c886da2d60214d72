"""Bar charts that the server draws as SVG, with a table of the same numbers for who can't see them.

Templates draw them by `{% include "common/bar_chart.html" %}` and link `common/charts.css`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

HEIGHT = 100
BAR_STEP = 10


@dataclass(frozen=True)
class Bar:
    """One bar, in the units of the drawing."""

    label: str
    count: int
    x: int
    height: int

    @property
    def y(self) -> int:
        return HEIGHT - self.height


@dataclass(frozen=True)
class BarChart:
    """Numbers in the order of time, or of another axis; `name` becomes the drawing's class, for its colour."""

    name: str
    title: Any
    axis: Any
    figure: int
    bars: tuple[Bar, ...]
    scale: tuple[int, int, int]
    url: str = ""

    @property
    def width(self) -> int:
        return BAR_STEP * len(self.bars)

    @property
    def height(self) -> int:
        return HEIGHT


def bar_chart(
    name: str, title: Any, points: Iterable[tuple[str, int]], *, axis: Any, figure: int | None = None, url: str = ""
) -> BarChart:
    """A chart of labelled numbers, none below zero. `axis` says what the labels are, `figure` is told in large
    type: the sum where it is None. `url` is the list that the chart counts, where there is one."""
    known = list(points)
    top = _even(max((count for _label, count in known), default=0))
    bars = tuple(
        Bar(label, count, BAR_STEP * number, round(HEIGHT * count / top)) for number, (label, count) in enumerate(known)
    )
    total = sum(count for _label, count in known) if figure is None else figure
    return BarChart(name, title, axis, total, bars, (top, top // 2, 0), url)


def _even(highest: int) -> int:
    """The end of a scale whose middle is a whole number, too."""
    return max(2, highest + highest % 2)
