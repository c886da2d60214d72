"""The ways in which others write a million rows: what `exports.py` is measured against.

Each takes a path and a limit and returns the number of rows. All get the same people, the same columns and Jalali days
by a function that remembers the days it met; none encrypts, keeps formulas out or counts what it wrote.
"""

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

HEADINGS = [
    "number", "first name", "last name", "username", "language", "source", "city", "blocked", "clicks", "messages",
    "first seen (Jalali)", "first seen",
]  # fmt: skip
FIELDS = [
    "platform_user_id", "first_name", "last_name", "username", "language_code", "source", "city", "is_blocked",
    "click_count", "message_count", "first_seen_at",
]  # fmt: skip


@lru_cache(maxsize=4096)
def jalali_day(day: dt.date) -> str:
    from common.jalali import format_jalali

    return format_jalali(day)


def jalali(moment: dt.datetime) -> str:
    from common.jalali import TEHRAN

    local = moment.astimezone(TEHRAN)
    return f"{jalali_day(local.date())} {local:%H:%M}"


def people_rows(limit: int) -> Iterator[list[Any]]:
    from bots.models import BotUser
    from common.jalali import TEHRAN
    from common.regions import city_choices

    cities = dict(city_choices())
    people = BotUser.objects.order_by("pk").values_list(*FIELDS)[:limit]
    for *names, city, is_blocked, clicks, messages, seen in people.iterator(chunk_size=2_000):
        names[0] = str(names[0])
        local = seen.astimezone(TEHRAN).replace(tzinfo=None)
        yield [*names, cities.get(city, city), "yes" if is_blocked else "no", clicks, messages, jalali(seen), local]


def by_import_export(path: Path, limit: int) -> int:
    """django-import-export's own export, whose Dataset keeps everything in memory."""
    from import_export.fields import Field
    from import_export.resources import ModelResource

    from bots.models import BotUser

    class PeopleResource(ModelResource):  # type: ignore[misc]
        jalali = Field(column_name="first seen (Jalali)")

        class Meta:
            model = BotUser
            fields = export_order = [*FIELDS, "jalali"]

        def dehydrate_jalali(self, person: BotUser) -> str:
            return jalali(person.first_seen_at)

    dataset = PeopleResource().export(BotUser.objects.order_by("pk").only(*FIELDS)[:limit])
    path.write_text(dataset.csv, encoding="utf-8")
    return len(dataset)


def by_rustpy(path: Path, limit: int) -> int:
    import rustpy_xlsxwriter

    rows = (dict(zip(HEADINGS, row, strict=True)) for row in people_rows(limit))
    rustpy_xlsxwriter.write_worksheet(rows, str(path))
    return limit


def by_xlsxwriter(path: Path, limit: int) -> int:
    """XlsxWriter in its constant-memory mode."""
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"})
    sheet = book.add_worksheet()
    sheet.right_to_left()
    sheet.write_row(0, 0, HEADINGS)
    count = 0
    for count, row in enumerate(people_rows(limit), start=1):
        sheet.write_row(count, 0, row)
    book.close()
    return count


def by_openpyxl(path: Path, limit: int) -> int:
    """openpyxl in its write-only mode."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.sheet_view.rightToLeft = True
    sheet.append(HEADINGS)
    count = 0
    for row in people_rows(limit):
        sheet.append(row)
        count += 1
    book.save(path)
    return count
