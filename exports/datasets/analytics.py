import datetime as dt
from typing import BinaryIO, cast

from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.selectors import limit_to_scopes
from bots.models import Bot
from common.jalali import TEHRAN
from exports.analytics_book import write_book
from exports.analytics_tables import FigureTable, figure_tables
from exports.datasets.base import ZIP, Dataset, Progress
from exports.datasets.filter_form import ChoicesField, DayField, FilterForm
from exports.datasets.wish import Wish
from exports.engine import Written
from exports.files import MeasuringStream
from exports.writers import writer_named
from exports.writers.own_rows import block_of

USUAL_DAYS = 90
MOST_DAYS = 3660


class AnalyticsFilters(FilterForm):
    """Of which bots, and in which days: the last ninety where nothing is said."""

    bot = ChoicesField(label=_("Bots"))
    time_from = DayField(label=_("From"))
    time_to = DayField(label=_("Until"))

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        if not self.errors and self.span()[1] > MOST_DAYS:
            self.add_error("time_from", gettext("Choose at most ten years."))
        if not self.errors and self.span()[1] < 1:
            self.add_error("time_from", gettext("The first day is after the last day."))
        return cleaned

    def span(self) -> tuple[dt.date, int]:
        """The last day, and how many days there are up to it."""
        last = self.cleaned_data["time_to"] or timezone.now().astimezone(TEHRAN).date()
        first = self.cleaned_data["time_from"] or last - dt.timedelta(days=USUAL_DAYS - 1)
        return last, (last - first).days + 1


class AnalyticsDataset(Dataset):
    """Figures by day, hour, city, source, and who came back; as a workbook with a chart on each sheet."""

    code = "analytics"
    title = _("Analytics")
    description = _("Figures by day, hour, city and source, growth and who came back, with charts.")
    permission = "exports.export_analytics"
    filter_form = AnalyticsFilters

    def count(self, wish: Wish) -> int:
        return sum(len(table.rows) for table in self.tables(wish))

    def extension(self, wish: Wish) -> str:
        return wish.format if wish.format == "xlsx" else ZIP

    def tables(self, wish: Wish) -> list[FigureTable]:
        """The figures, in the language of now."""
        form = cast(AnalyticsFilters, self.read_filters(wish.filters, wish.actor))
        last, days = form.span()
        bots = list(self._bots(wish, form).values_list("pk", flat=True))
        return figure_tables(bots, last=last, days=days)

    def write(self, wish: Wish, *, file: BinaryIO, watermark: str, on_progress: Progress | None = None) -> Written:
        stream = MeasuringStream(file)
        with translation.override(wish.language):
            tables = self.tables(wish)
            if wish.format == "xlsx":
                write_book(tables, cast(BinaryIO, stream), watermark=watermark)
            else:
                _write_tables(tables, cast(BinaryIO, stream), f"{wish.format}.{ZIP}", watermark)
        rows_by_sheet = {table.title: len(table.rows) for table in tables}
        rows = sum(rows_by_sheet.values())
        if on_progress:
            on_progress(rows)
        return Written(rows=rows, bytes=stream.size, sha256=stream.sha256, rows_by_sheet=rows_by_sheet)

    def _bots(self, wish: Wish, form: FilterForm) -> QuerySet[Bot]:
        bots = Bot.objects.filter(form.any_of({"bot": "slug"}))
        if wish.candidate:
            bots = bots.filter(candidate=wish.candidate)
        return limit_to_scopes(bots, wish.actor, candidate="candidate") if wish.actor else bots


def _write_tables(tables: list[FigureTable], file: BinaryIO, format: str, watermark: str) -> None:
    writer = writer_named(format)(file, right_to_left=translation.get_language_bidi(), watermark=watermark)
    writer.open()
    for table in tables:
        writer.begin_sheet(table.title, table.columns)
        if table.rows:
            writer.write_block(block_of(table.rows, table.columns, writer.dialect))
        writer.end_sheet()
    writer.close()
