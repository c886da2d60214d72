import datetime as dt

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from common.jalali import (
    TEHRAN,
    format_jalali,
    format_local,
    latin_digits,
    parse_date,
    parse_moment,
    persian_digits,
    reads_jalali,
)

NOON_UTC = dt.datetime(2025, 11, 22, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (dt.date(2025, 11, 22), "1404/09/01"),
        (dt.date(2025, 3, 20), "1403/12/30"),  # the last day of a leap year
        (dt.date(2025, 3, 21), "1404/01/01"),
        (dt.date(1979, 4, 1), "1358/01/12"),
    ],
)
def test_a_gregorian_day_is_written_as_its_jalali_day(day, expected):
    assert format_jalali(day) == expected


def test_a_moment_is_written_in_tehran_time():
    assert format_jalali(NOON_UTC) == "1404/09/01 15:30"


def test_late_evening_in_utc_is_already_the_next_day_in_tehran():
    assert format_jalali(dt.datetime(2025, 11, 21, 21, 0, tzinfo=dt.UTC)) == "1404/09/01 00:30"


def test_time_can_be_left_out_and_the_separator_chosen():
    assert format_jalali(NOON_UTC, with_time=False, separator="-") == "1404-09-01"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (dt.date(1, 1, 1), "0001-01-01"),
        (dt.date.max, "9999-12-31"),
        (dt.datetime.max.replace(tzinfo=dt.UTC), "9999-12-31 23:59"),
        (dt.datetime.min.replace(tzinfo=dt.UTC), "0001-01-01 03:25"),  # Tehran's mean time before 1916
    ],
)
def test_a_moment_outside_the_jalali_years_is_written_as_gregorian(moment, expected):
    assert format_jalali(moment) == expected


@pytest.mark.parametrize(("language", "expected"), [("fa", "1404/09/01 15:30"), ("en", "2025-11-22 15:30")])
def test_the_calendar_is_the_readers(language, expected):
    with override(language):
        assert format_local(NOON_UTC) == expected
        assert format_local(NOON_UTC, with_time=False) == expected[:10]
        assert format_local(NOON_UTC.date()) == expected[:10]
        assert reads_jalali() is (language == "fa")


def test_nothing_is_written_as_nothing():
    assert format_local(None) == ""


@pytest.mark.parametrize(
    "text",
    ["1404/09/01", "1404-9-1", " ۱۴۰۴/۰۹/۰۱ ", "١٤٠٤/٠٩/٠١", "2025-11-22", "۲۰۲۵/۱۱/۲۲"],
)
def test_a_day_may_be_typed_in_any_digits_and_either_calendar(text):
    assert parse_date(text) == dt.date(2025, 11, 22)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "today",
        "1404/13/01",
        "1404/12/30",
        "04/09/01",
        "1404/9",
        "1_404/1/1",
        "14040901",
        "0000/01/01",
        "2025-02-29",
    ],
)
def test_what_is_no_day_is_refused(text):
    with pytest.raises(ValueError):
        parse_date(text)


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("1404/09/01", dt.time()),
        ("1404/09/01 14:30", dt.time(14, 30)),
        ("2025-11-22  ۹:۰۵", dt.time(9, 5)),
        ("1404/09/01 14:30:15", dt.time(14, 30, 15)),
    ],
)
def test_a_moment_is_read_in_tehran_time(text, clock):
    assert parse_moment(text) == dt.datetime.combine(dt.date(2025, 11, 22), clock, tzinfo=TEHRAN)


@pytest.mark.parametrize("text", ["", "1404/09/01 25:00", "1404/09/01 14", "1404/09/01 14:30+00:00", "14:30"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(ValueError):
        parse_moment(text)


@given(st.dates(min_value=dt.date(622, 3, 22), max_value=dt.date(2300, 1, 1)))
def test_each_day_survives_the_way_through_the_jalali_calendar(day):
    assert parse_date(format_jalali(day)) == day


@given(st.integers(min_value=0))
def test_digits_survive_the_way_through_persian(number):
    assert latin_digits(persian_digits(number)) == str(number)


def test_digits_leave_other_characters_alone():
    assert persian_digits("ردیف 12 of x") == "ردیف ۱۲ of x"
    assert latin_digits("ردیف ۱٢3") == "ردیف 123"
