"""Marking what looks like an attack on the database: measured on lists, either way; `benchmarks/` prints the same."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.suspicious_input import LONGEST_TEXT, PATTERNS, check_sql_injection

DATA = Path(__file__).parent / "data"


def lines(name):
    return (DATA / name).read_text(encoding="utf-8").splitlines()


def test_at_most_one_in_a_hundred_harmless_texts_is_marked():
    texts = lines("harmless.txt")

    marked = [text for text in texts if check_sql_injection(text)]

    assert len(texts) > 400
    assert len(marked) <= len(texts) / 100, marked


def test_at_least_ninety_five_of_a_hundred_attacks_are_marked():
    texts = lines("attacks.txt")

    missed = [text for text in texts if not check_sql_injection(text)]

    assert len(texts) > 250
    assert len(missed) <= len(texts) / 20, missed


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("1 UNION SELECT username, password FROM users", "union"),
        ("'; DROP TABLE users--", "statement"),
        ("1 and pg_sleep(5)", "waiting"),
        ("' or '1'='1", "condition"),
        ("%2527%2520or%25201%253D1--", "condition"),
        ("＇ ｏｒ １＝１--", "condition"),
        ("1/**/union/**/all/**/select/**/1", "union"),
        ("/*!50000union*/ select 1", "union"),
        ("admin'--", "cut_off"),
    ],
)
def test_it_tells_which_pattern_past_the_usual_disguises(text, pattern):
    assert check_sql_injection(text) == pattern


def test_an_attack_behind_the_first_four_thousand_characters_is_not_looked_for():
    assert check_sql_injection("x " * LONGEST_TEXT + "' or '1'='1") is None


@given(st.text(max_size=200))
def test_any_text_is_judged(text):
    assert check_sql_injection(text) in {None, *PATTERNS}


@pytest.mark.parametrize(
    "piece",
    [
        "' or ",
        "(",
        "1",
        "' and (",
        "select ",
        "(select a",
        "union (",
        "case when ",
        "/*",
        "''",
        "or 1",
        " ",
        "%25",
        "x = ",
    ],
)
def test_no_text_is_slow_to_judge(piece):
    text = piece * LONGEST_TEXT
    started = time.process_time()

    check_sql_injection(text)

    assert time.process_time() - started < 0.2
