"""Data that services encrypt themselves: only who names its purpose reads it, and only unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.crypto import DecryptionError, encrypt, make_key
from common.sensitive_data import decrypt_sensitive_data, encrypt_sensitive_data

CONTEXT = "exports.link"
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda some: st.lists(some, max_size=4) | st.dictionaries(st.text(), some, max_size=4),
    max_leaves=10,
)


@given(json_values)
def test_what_goes_in_comes_out(value):
    assert decrypt_sensitive_data(encrypt_sensitive_data(value, context=CONTEXT), context=CONTEXT) == value


def test_the_stored_text_shows_nothing_and_is_another_each_time():
    value = {"phone": "09121234567"}
    first, second = (encrypt_sensitive_data(value, context=CONTEXT) for _ in range(2))

    assert "0912" not in first
    assert first != second


@pytest.mark.parametrize("position", [-3, -20])
def test_a_changed_text_is_refused(position):
    stored = encrypt_sensitive_data("word", context=CONTEXT)
    letter = "A" if stored[position] != "A" else "B"
    with pytest.raises(DecryptionError):
        decrypt_sensitive_data(stored[:position] + letter + stored[position:][1:], context=CONTEXT)


def test_what_was_encrypted_for_one_purpose_or_for_a_column_is_refused_for_another():
    for stored in (encrypt_sensitive_data("word", context="exports.file"), encrypt('"word"', context=CONTEXT)):
        with pytest.raises(DecryptionError):
            decrypt_sensitive_data(stored, context=CONTEXT)


def test_it_stays_readable_while_its_key_is_in_the_ring(settings):
    old, new = f"old:{make_key()}", f"new:{make_key()}"
    settings.FIELD_KEYS = old
    stored = encrypt_sensitive_data("word", context=CONTEXT)

    settings.FIELD_KEYS = f"{new},{old}"
    assert decrypt_sensitive_data(stored, context=CONTEXT) == "word"

    settings.FIELD_KEYS = new
    with pytest.raises(DecryptionError, match="old"):
        decrypt_sensitive_data(stored, context=CONTEXT)
