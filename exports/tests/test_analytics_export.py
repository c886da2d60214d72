"""Figures as a file: those of the page, each with a chart that Excel draws."""

import datetime as dt
import io
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import time_machine
from django.utils import timezone

from accounts.models import Candidate
from bots.analytics.snapshot import refresh_snapshots
from bots.models import Bot, Click, Message
from exports.datasets import Wish, dataset_named
from exports.tests.dataset_files import rows_of, write
from exports.tests.samples import SEEN, make_bot, make_person

pytestmark = [pytest.mark.usefixtures("repeatable_read"), pytest.mark.django_db]

SHEETS = ["By day", "Growth", "By hour", "Cities", "Sources", "Who came back"]
DAY_AFTER = SEEN + dt.timedelta(days=1)
SOFFICE = shutil.which("soffice")


@pytest.fixture
def bot() -> Any:
    """A bot with three people in two days, on the evening of the second."""
    with time_machine.travel(DAY_AFTER + dt.timedelta(hours=3), tick=False):
        bot = make_bot("one")
        first = make_person(bot, 1, city="tehran", source="=1+1")
        make_person(bot, 2, city="tehran", first_seen_at=DAY_AFTER, last_seen_at=DAY_AFTER)
        make_person(bot, 3, city="", source="web", last_seen_at=DAY_AFTER)
        for moment in (SEEN, SEEN, DAY_AFTER):
            Click.objects.create(bot=bot, bot_user=first, kind="start", occurred_at=moment)
        Message.objects.create(bot=bot, bot_user=first, kind="text", occurred_at=DAY_AFTER)
        refresh_snapshots()
        yield bot


@pytest.mark.parametrize("format", ["xlsx", "csv", "jsonl", "parquet"])
def test_each_format_has_the_figures(bot, format):
    sheets = rows_of("analytics", format=format, filters={"time_from": "2025-11-22"})
    assert list(sheets) == SHEETS
    figures = [(row["Day (Jalali)"], int(row["New people"]), int(row["Clicks"])) for row in sheets["By day"]]
    assert figures == [("1404/09/01", 2, 2), ("1404/09/02", 1, 1)]
    assert [int(row["People"]) for row in sheets["Growth"]] == [2, 3]
    by_hour = {row["Hour"]: int(row["Clicks"]) for row in sheets["By hour"]}
    assert len(by_hour) == 24
    assert by_hour["14:00"] == sum(by_hour.values()) == 3
    cities = [(row["City"], int(row["People"]), int(row["Per cent"])) for row in sheets["Cities"]]
    assert cities == [("Tehran", 2, 67), ("not told", 1, 33)]
    assert len(sheets["Sources"]) == 3
    (week,) = sheets["Who came back"]
    assert week["Week from (Jalali)"] == "1404/09/01"


def test_a_day_is_a_day_of_parquet_and_of_excel(bot):
    (first, _second) = rows_of("analytics", format="parquet", filters={"time_from": "2025-11-22"})["By day"]
    assert first["Day (Gregorian)"] == dt.date(2025, 11, 22)
    (first, _second) = rows_of("analytics", format="xlsx", filters={"time_from": "2025-11-22"})["By day"]
    assert first["Day (Gregorian)"] == dt.datetime(2025, 11, 22)  # noqa: DTZ001 (Excel has no zones)


def test_each_sheet_has_a_chart_of_its_own_figures(bot):
    data, _written = write("analytics", format="xlsx")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        charts = [name for name in archive.namelist() if name.startswith("xl/charts/chart")]
    assert len(charts) == len(SHEETS)
    for sheet in openpyxl.load_workbook(io.BytesIO(data)):
        (chart,) = sheet._charts
        for series in chart.series:
            assert f"'{sheet.title}'!" in series.val.numRef.f or f"{sheet.title}!" in series.val.numRef.f


def test_a_persian_book_is_read_from_right_to_left(bot):
    data, _written = write("analytics", format="xlsx", language="fa")
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert all(sheet.sheet_view.rightToLeft for sheet in book)


def test_a_source_that_looks_like_a_formula_is_text(bot):
    data, _written = write("analytics", format="xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(data))["Sources"]
    cells = {cell.value: cell.data_type for cell in sheet["A"]}
    assert cells["=1+1"] == "s"


def test_the_usual_span_is_ninety_days(bot):
    assert len(rows_of("analytics")["By day"]) == 90
    assert len(rows_of("analytics", filters={"time_from": "1404/09/02"})["By day"]) == 1
    assert len(rows_of("analytics", filters={"time_to": "1404/09/01"})["By day"]) == 90


def test_bots_and_candidates_are_chosen(bot):
    other = make_bot("two")
    make_person(other, 9, first_seen_at=timezone.now(), last_seen_at=timezone.now())
    assert new_people() == 4
    assert new_people(filters={"bot": "two"}) == 1
    assert new_people(candidate=Candidate.objects.get(bots=bot)) == 3


def new_people(**fields: Any) -> int:
    return sum(row["New people"] for row in rows_of("analytics", **fields)["By day"])


def test_the_rows_are_counted_ahead(bot):
    wish = Wish("analytics", format="csv", language="en")
    _data, written = write("analytics", format="csv")
    assert dataset_named("analytics").count(wish) == written.rows
    assert dataset_named("analytics").extension(wish) == "zip"


def test_without_a_bot_there_are_no_people():
    assert Bot.objects.count() == 0
    sheets = rows_of("analytics")
    assert sum(row["New people"] for row in sheets["By day"]) == 0
    assert sheets["Cities"] == sheets["Who came back"] == []


@pytest.mark.parametrize("format", ["xlsx", "csv", "jsonl", "parquet"])
def test_the_file_says_who_had_it_made(bot, format):
    data, _written = write("analytics", format=format, watermark="mina, 1404")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert any(b"mina, 1404" in archive.read(name) for name in archive.namelist())


@pytest.mark.slow
@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed (Debian: apt-get install libreoffice-calc)")
def test_libreoffice_opens_the_book(bot, tmp_path: Path):
    path = tmp_path / "figures.xlsx"
    path.write_bytes(write("analytics", format="xlsx")[0])
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    command = [str(SOFFICE), profile, "--headless", "--convert-to", "ods", "--outdir", str(tmp_path), str(path)]
    subprocess.run(command, check=True, timeout=120, capture_output=True)
    with zipfile.ZipFile(tmp_path / "figures.ods") as archive:
        charts = [name for name in archive.namelist() if name.endswith("/content.xml")]
    assert len(charts) == len(SHEETS)
