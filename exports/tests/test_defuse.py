import csv
import io
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exports.tests.samples import HOSTILE
from exports.tests.table import write_texts
from exports.writers.defuse import defuse

SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
NASTY = st.text(alphabet=st.sampled_from(list("ab=+-@＝;؛,\"' \t\r\n")), max_size=12)


@pytest.mark.parametrize("sign", SIGNS)
def test_a_cell_that_begins_with_a_sign_gets_an_apostrophe(sign):
    assert defuse(f"{sign}1+1").startswith("'")


@pytest.mark.parametrize("text", ["  =1", "\u00a0=1", '"=1', '  "=1'])
def test_a_sign_behind_spaces_or_quotes_is_found(text):
    assert defuse(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=b", "1-2", "me@example.org", "2025-11-22", "a; b", "سلام - دنیا", "'=1"])
def test_other_text_stays_as_it_is(text):
    assert defuse(text) == text


def test_a_sign_behind_a_separator_of_other_locales_is_defused():
    assert defuse("x;=1") == "x;'=1"
    assert defuse("x؛ @a") == "x؛ '@a"


@given(st.lists(NASTY, min_size=2, max_size=4))
@example(["a", 'x;"=1+1;y'])
@example(["a", 'x\n"";"=1'])
@example(["a", *HOSTILE])
@settings(deadline=None)
@pytest.mark.django_db
def test_no_cell_begins_with_a_sign_however_the_file_is_parted(texts):
    text = write_texts(texts, "csv").decode("utf-8-sig")
    for separator in ",;؛":
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            for cell in row:
                assert not cell.lstrip().startswith(SIGNS[:8]), (separator, cell)


@pytest.mark.parametrize("filler", ["\n", " ", '"', ";", " \n"])
def test_long_runs_of_filler_cost_no_more_than_their_length(filler):
    started = time.perf_counter()
    defuse(filler * 200_000 + "a=")
    assert time.perf_counter() - started < 2  # quadratic would be hours
