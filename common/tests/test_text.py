import pytest

from common.text import clean_code, clean_text


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("سلام", "سلام"),
        ("a\x00b\x00", "ab"),
        ("half \ud83d emoji", "half \ufffd emoji"),
        ("whole 😀 emoji", "whole 😀 emoji"),
        ("zero\u200cwidth", "zero\u200cwidth"),
        ("", ""),
    ],
)
def test_what_postgresql_refuses_goes_and_the_rest_stays(given, expected):
    assert clean_text(given) == expected
    clean_text(given).encode()


def test_text_is_cut_after_cleaning():
    assert clean_text("\x00abcd", 3) == "abc"
    assert clean_text("abcd", 0) == ""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Isfahan", "isfahan"),
        (" a-b_9 ", "a-b_9"),
        ("", ""),
        ("تهران", ""),
        ("a b", ""),
        ("a" * 9, ""),
        ("a/../b", ""),
        ("۱۲", ""),
    ],
)
def test_only_short_plain_codes_are_codes(given, expected):
    assert clean_code(given, 8) == expected
