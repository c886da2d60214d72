"""From querysets to rows: order, counts, parameters, the calendar, and what happens when it ends early."""

import datetime as dt
import hashlib
import io

import jdatetime
import pytest
from django.db import DatabaseError, connection
from django.db.models import F, FloatField, IntegerField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast

from common.jalali import TEHRAN, format_jalali
from exports.engine import SheetSource, reading, write_export, writing
from exports.errors import ExportFailedError
from exports.models import DataExportLog
from exports.resources.columns import Column, ExportResource, Kind
from exports.tests.samples import SEEN, read_csv, read_xlsx
from exports.tests.table import TableResource, add_rows, write_rows

pytestmark = pytest.mark.django_db
FORMATS = ["csv", "xlsx"]


class Nowhere:
    def write(self, data: bytes) -> int:
        return len(data)

    def flush(self) -> None: ...


def write(queryset, *columns, format="csv", resource=None, **options):
    file = io.BytesIO()
    sheet = SheetSource("Table", resource or TableResource(), queryset, columns)
    written = write_export(sheets=[sheet], format=format, file=file, language="en", **options)
    return written, file.getvalue()


def resource_of(**columns: Column) -> ExportResource:
    """A resource with these columns, in alphabetical order."""
    names = sorted(columns)
    meta = type("Meta", (), {"model": DataExportLog, "fields": names, "export_order": names})
    made: ExportResource = type("SomeResource", (ExportResource,), {**columns, "Meta": meta})()
    return made


def texts_of(data: bytes) -> list[str]:
    return [row[0] for row in read_csv(data)[1:]]


@pytest.mark.parametrize("format", FORMATS)
def test_rows_keep_the_order_of_the_queryset_whatever_is_looked_up_for_them(format):
    rows = [{"reason": f"{number:05}", "due_at": SEEN, "dataset": "a"} for number in range(5_000)]
    queryset = add_rows(rows).order_by("-reason")
    _written, data = write(queryset, "text", "jalali", "choice", format=format)
    found = read_csv(data) if format == "csv" else read_xlsx(data)
    assert [row[0] for row in found[1:]] == [f"{number:05}" for number in reversed(range(5_000))]


def test_rows_come_in_blocks(monkeypatch):
    monkeypatch.setattr(reading, "BLOCK_BYTES", 100)
    texts = [f"row {number}" for number in range(200)]
    _written, data = write(add_rows([{"reason": text} for text in texts]), "text", "end")
    assert texts_of(data) == texts


def test_the_outcome_tells_rows_bytes_and_hash():
    file = io.BytesIO()
    add_rows([{"reason": "a"}, {"reason": "b"}])
    everybody = DataExportLog.objects.order_by("pk")
    sheets = [
        SheetSource("All", TableResource(), everybody, ("text",)),
        SheetSource("One", TableResource(), everybody.filter(reason="b"), ("text",)),
        SheetSource("None", TableResource(), everybody.none(), ("text",)),
    ]
    written = write_export(sheets=sheets, format="xlsx", file=file, language="en")
    assert (written.rows, written.rows_by_sheet) == (3, {"All": 2, "One": 1, "None": 0})
    assert (written.bytes, written.sha256) == (len(file.getvalue()), hashlib.sha256(file.getvalue()).hexdigest())
    assert read_xlsx(file.getvalue()) == [["Text"], ["a"], ["b"], ["b"]]


def test_columns_stand_in_the_order_of_the_resource_and_unknown_ones_are_told():
    _written, data = write(add_rows([{"reason": "a"}]), "end", "text")
    assert read_csv(data) == [["Text", "End"], ["a", "end"]]
    with pytest.raises(KeyError, match="salary"):
        TableResource().columns(["text", "salary"])


@pytest.mark.parametrize("needle", ["100%", "%s", "%(name)s", "it's", "\\", "$1", "{0}", 'a"b'])
def test_what_people_search_for_is_a_value_and_never_sql(needle):
    add_rows([{"reason": f"<{needle}>"}, {"reason": "other"}])
    written, data = write(DataExportLog.objects.filter(reason__contains=needle), "text", "end")
    assert (written.rows, texts_of(data)) == (1, [f"<{needle}>"])


def test_percent_signs_of_django_survive_without_values():
    queryset = add_rows([{"reason": "a"}]).annotate(percent=RawSQL("'5%%'", ()))
    resource = resource_of(percent=Column("Percent", reads="percent"))
    assert texts_of(write(queryset, resource=resource)[1]) == ["5%"]


def test_annotated_sliced_distinct_and_deferred_querysets_are_written():
    queryset = add_rows([{"reason": f"row {number}"} for number in range(5)])
    assert texts_of(write(queryset[1:3], "text", "end")[1]) == ["row 1", "row 2"]
    assert len(texts_of(write(queryset.distinct(), "text", "end")[1])) == 5
    assert len(texts_of(write(queryset.defer("reason").select_related("candidate"), "text", "end")[1])) == 5
    resource = resource_of(double=Column("Double", reads=F("known") * 2, kind=Kind.NUMBER))
    annotated = queryset.annotate(known=Value(21, output_field=IntegerField()))
    assert texts_of(write(annotated, resource=resource)[1]) == ["42"] * 5


def test_a_count_and_one_copy_read_a_sheet_also_while_queries_are_logged(django_assert_num_queries):
    queryset = add_rows([{"reason": "100%"}])
    with django_assert_num_queries(2):
        write(queryset)


@pytest.mark.parametrize("column", ["text", "known", "moment", "secret"])
def test_a_row_of_nothing_is_a_row(column):
    written, data = write(add_rows([{}, {}]), column)
    assert data.count(b"\r\n") == 1 + written.rows == 3
    assert read_csv(data)[1:] == [[""], [""]]


def test_text_of_any_length_comes_back_from_csv():
    text = "=" + 'سلام, "دنیا"\n' * 30_000
    quoted = text.replace('"', '""')
    assert write(add_rows([{"reason": text}]), "text", "end")[1].decode().endswith(f'"\'{quoted}",end\r\n')


@pytest.mark.parametrize("format", FORMATS)
def test_a_row_that_slips_through_between_count_and_copy_fails_the_export(format, monkeypatch):
    queryset = add_rows([{"reason": "a"}, {"reason": "b"}])
    monkeypatch.setattr(type(queryset), "count", lambda self: 3)
    with pytest.raises(ExportFailedError) as failure:
        write(queryset, format=format)
    assert failure.value.code == "incomplete"


def test_progress_is_told_and_may_end_the_export(monkeypatch):
    monkeypatch.setattr(reading, "BLOCK_BYTES", 100)
    monkeypatch.setattr(writing, "PROGRESS_SECONDS", 0)
    queryset = add_rows([{"reason": f"row {number}"} for number in range(1_000)])
    told: list[int] = []
    write(queryset, "text", on_progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1_000
    assert len(told) > 10

    class CancelledError(Exception): ...

    def cancel(rows: int) -> None:
        if rows > 100:
            raise CancelledError

    with pytest.raises(CancelledError):
        write(queryset, "text", on_progress=cancel)
    assert DataExportLog.objects.count() == 1_000  # the connection is as good as before


@pytest.mark.django_db(transaction=True)
def test_an_error_in_the_middle_of_the_rows_is_djangos():
    queryset = add_rows([{"rows_written": 2_000 - number} for number in range(2_001)])
    resource = resource_of(broken=Column("Broken", reads=Value(1) / F("rows_written"), kind=Kind.NUMBER))
    with pytest.raises(DatabaseError, match="division by zero"):
        write(queryset, resource=resource)
    assert queryset.count() == 2_001


def test_numbers_of_every_kind_are_numbers_in_excel():
    decimal = Column("Decimal", reads=Value(1.5), kind=Kind.NUMBER)
    strange = Column("Strange", reads=Cast(Value("NaN"), FloatField()), kind=Kind.NUMBER)
    day = Column("Day", reads="due_at__date", kind=Kind.MOMENT)
    jalali = Column("Jalali", reads="due_at__date", kind=Kind.JALALI)
    resource = resource_of(a=decimal, b=strange, c=day, d=jalali)
    row = read_xlsx(write(add_rows([{"due_at": SEEN}]), resource=resource, format="xlsx")[1])[1]
    assert row == [1.5, "NaN", dt.datetime.fromisoformat("2025-11-22T00:00:00"), "1404/09/01"]
    assert read_csv(write(add_rows([{"due_at": SEEN}]), resource=resource)[1])[1] == [
        "1.5", "NaN", "2025-11-22", "1404/09/01",
    ]  # fmt: skip


def test_a_secret_is_never_written_as_it_is_stored():
    resource = resource_of(key=Column("Key", reads="file_key"))
    with pytest.raises(TypeError, match="EncryptedTextField"):
        write(add_rows([{"file_key": "secret"}]), resource=resource)


def test_every_day_from_2000_to_2060_is_jdatetimes():
    days = [dt.date(2000, 1, 1) + dt.timedelta(days=number) for number in range(22_281)]
    # Not at midnight, which didn't exist when summer time began.
    moments = [dt.datetime.combine(day, dt.time(hour=1 + number % 23), TEHRAN) for number, day in enumerate(days)]
    assert days[-1] == dt.date(2060, 12, 31)
    _written, data = write(add_rows([{"due_at": moment} for moment in moments]), "jalali", "end")
    assert texts_of(data) == [format_jalali(moment) for moment in moments]
    assert texts_of(data)[0].startswith(jdatetime.date.fromgregorian(date=days[0]).strftime("%Y/%m/%d"))


def test_moments_beyond_the_calendar_are_no_failure():
    moments = [dt.datetime(1, 1, 2, tzinfo=dt.UTC), dt.datetime(9999, 12, 30, tzinfo=dt.UTC)]
    _written, data = write(add_rows([{"due_at": moment} for moment in moments]), "jalali", "moment", "end")
    assert read_csv(data)[1:] == [
        ["", "0001-01-02T03:25:44+03:25", "end"],
        ["", "9999-12-30T03:30:00+03:30", "end"],
    ]


@pytest.mark.parametrize("format", FORMATS)
def test_infinite_moments_are_no_failure(format):
    add_rows([{}])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE exports_dataexportlog SET due_at = 'infinity'")
    written, _data = write(DataExportLog.objects.all(), "jalali", "moment", "end", format=format)
    assert written.rows == 1


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (dt.datetime(2025, 11, 22, 11, 0, tzinfo=dt.UTC), "1404/09/01 14:30"),
        # 1403 is a leap year: its last day is 30 Esfand, until 20:30 UTC.
        (dt.datetime(2025, 3, 20, 20, 29, 59, tzinfo=dt.UTC), "1403/12/30 23:59"),
        (dt.datetime(2025, 3, 20, 20, 30, tzinfo=dt.UTC), "1404/01/01 00:00"),
    ],
)
def test_jalali_moments_are_tehrans(moment, expected):
    assert read_csv(write_rows([{"due_at": moment}], "csv", "jalali", "end"))[1][0] == expected


def test_daylight_saving_time_is_in_the_offset():
    summer = dt.datetime(2021, 7, 1, tzinfo=dt.UTC)
    data = write_rows([{"due_at": summer}], "csv", "jalali", "moment")
    assert read_csv(data)[1] == ["1400/04/10 04:30", "2021-07-01T04:30:00+04:30"]


def test_words_are_in_the_language_of_the_file_and_leave_the_process_alone():
    assert read_csv(write_rows([{}], "csv", "flag", "end", language="fa"))[1] == ["خیر", "end"]
    assert read_csv(write_rows([{}], "csv", "flag", "end", language="en"))[1] == ["no", "end"]
