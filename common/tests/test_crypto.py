"""Encryption of single values, the key ring and the blind index."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.crypto import (
    DecryptionError,
    blind_index,
    decrypt,
    encrypt,
    key_id_of,
    make_key,
    parse_key,
    parse_key_ring,
)

CONTEXT = "bots.Bot.token"
ANY_TEXT = st.text(st.characters())  # lone surrogates included


@given(ANY_TEXT)
def test_what_was_encrypted_comes_back(value: str) -> None:
    assert decrypt(encrypt(value, context=CONTEXT), context=CONTEXT) == value


@given(st.text(min_size=4))
def test_the_stored_text_does_not_hold_the_value_and_differs_each_time(value: str) -> None:
    first, second = encrypt(value, context=CONTEXT), encrypt(value, context=CONTEXT)

    assert first != second
    assert first.isascii()
    assert key_id_of(first) == key_id_of(second)


@given(st.data())
def test_a_change_of_any_single_bit_is_noticed(data: st.DataObject) -> None:
    stored = encrypt("a bot's token", context=CONTEXT)
    head, _colon, text = stored.rpartition(":")
    sealed = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    changed = f"{head}:{base64.urlsafe_b64encode(bytes(sealed)).decode().rstrip('=')}"

    with pytest.raises(DecryptionError) as error:
        decrypt(changed, context=CONTEXT)
    assert error.value.code == "tampered"


def test_a_value_moved_to_another_column_is_refused() -> None:
    stored = encrypt("a bot's token", context=CONTEXT)

    with pytest.raises(DecryptionError) as error:
        decrypt(stored, context="bots.Bot.secret")
    assert error.value.code == "tampered"


@pytest.mark.parametrize("text", ["", "plain", "e2:k:AAAA", "e1:k"])
def test_text_that_is_no_encrypted_value_is_refused(text: str) -> None:
    with pytest.raises(DecryptionError) as error:
        decrypt(text, context=CONTEXT)
    assert error.value.code == "not-encrypted"


@pytest.mark.parametrize("sealed", ["", "AAAA", "not base64 ü", "A" * 15])
def test_a_cut_or_broken_value_is_refused(sealed: str) -> None:
    head = encrypt("x", context=CONTEXT).rpartition(":")[0]

    with pytest.raises(DecryptionError) as error:
        decrypt(f"{head}:{sealed}", context=CONTEXT)
    assert error.value.code == "tampered"


def test_a_missing_key_is_named(settings) -> None:
    settings.FIELD_KEYS = f"old:{make_key()}"
    stored = encrypt("x", context=CONTEXT)
    settings.FIELD_KEYS = f"new:{make_key()}"

    with pytest.raises(DecryptionError) as error:
        decrypt(stored, context=CONTEXT)
    assert (error.value.code, error.value.extra["key_id"]) == ("key-missing", "old")


def test_the_first_key_encrypts_and_the_others_still_read(settings) -> None:
    old, new = f"old:{make_key()}", f"new:{make_key()}"
    settings.FIELD_KEYS = old
    stored = encrypt("x", context=CONTEXT)
    settings.FIELD_KEYS = f"{new},{old}"

    assert decrypt(stored, context=CONTEXT) == "x"
    assert key_id_of(encrypt("x", context=CONTEXT)) == "new"


def test_a_key_is_read_from_either_base64_alphabet_with_or_without_padding() -> None:
    key = bytes(range(224, 256))
    texts = [base64.b64encode(key).decode(), base64.urlsafe_b64encode(key).decode()]

    assert {parse_key(text) for text in texts + [text.rstrip("=") for text in texts]} == {key}


@pytest.mark.parametrize(
    "text", ["", "AAAA", base64.b64encode(bytes(16)).decode(), base64.b64encode(bytes(33)).decode(), "ü" * 43]
)
def test_a_key_of_another_length_or_spelling_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_key(text)


@pytest.mark.parametrize("text", ["", ",", "{key}", "a-b:{key}", "a:{key},a:{key}", f"{'a' * 17}:{{key}}", "a:short"])
def test_a_malformed_key_ring_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_key_ring(text.format(key=make_key()))


@given(ANY_TEXT, ANY_TEXT)
def test_blind_indexes_are_equal_exactly_for_equal_values(one: str, other: str) -> None:
    same = blind_index(one, context=CONTEXT) == blind_index(other, context=CONTEXT)

    assert same is (one == other)


def test_a_blind_index_depends_on_context_and_key(settings) -> None:
    here, there = blind_index("x", context="a.B.c"), blind_index("x", context="a.B.d")
    settings.BLIND_INDEX_KEY = make_key()

    assert len({here, there, blind_index("x", context="a.B.c")}) == 3


def test_nothing_has_an_empty_blind_index() -> None:
    assert blind_index("", context=CONTEXT) == ""
