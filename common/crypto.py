"""Encryption of single values: AES-256-GCM with a key ring, and a blind index to look them up.

A stored value reads `e1:<key id>:<base64url(nonce ‖ ciphertext ‖ tag)>`. The nonce is 96 random bits and the tag
128 bits, as NIST SP 800-38D recommends; with random nonces one key stays safe up to 2^32 values (section 8.3),
so rotate before that. The context, for example `bots.Bot.token`, is authenticated with the value: a value moved
into another column can't be read there.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from common.errors import DomainError

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = "e1"
_TO_STANDARD_ALPHABET = bytes.maketrans(b"-_", b"+/")


class DecryptionError(DomainError):
    """A stored value can't be read: its key is missing from the ring, or it was tampered with."""


@dataclass(frozen=True)
class KeyRing:
    """The keys that values may be encrypted with; `active_id` encrypts new ones."""

    active_id: str
    keys: Mapping[str, AESGCM]


def parse_key(text: str) -> bytes:
    """A 256-bit key from its base64 form (standard or URL-safe alphabet).

    Raises ValueError unless it decodes to exactly 32 bytes.
    """
    standard = text.strip().rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        key = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("a key must be base64 text") from error
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key must have {KEY_BYTES} bytes, this one has {len(key)}")
    return key


def parse_key_ring(text: str) -> dict[str, bytes]:
    """A key ring from `id:key,id:key`; the first is the active one.

    Raises ValueError when it is empty, an id is missing, repeated or longer than 16 letters and digits.
    """
    keys: dict[str, bytes] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        key_id, separator, key_text = entry.partition(":")
        if not separator or not key_id.isalnum() or len(key_id) > 16:
            raise ValueError("each entry must read id:key, with an id of at most 16 letters and digits")
        if key_id in keys:
            raise ValueError(f"the key id {key_id} stands twice")
        keys[key_id] = parse_key(key_text)
    if not keys:
        raise ValueError("the key ring is empty")
    return keys


def make_key() -> str:
    """A new random 256-bit key as base64 text."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


@lru_cache(maxsize=8)
def _ring(text: str) -> KeyRing:
    keys = parse_key_ring(text)
    return KeyRing(active_id=next(iter(keys)), keys={key_id: AESGCM(key) for key_id, key in keys.items()})


def key_ring() -> KeyRing:
    """The key ring of the environment (`ELECTIONSITE_FIELD_KEYS`)."""
    return _ring(settings.FIELD_KEYS)


def encrypt(value: str, *, context: str) -> str:
    """`value` encrypted under the active key, bound to `context`."""
    ring = key_ring()
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + ring.keys[ring.active_id].encrypt(nonce, value.encode("utf-8", "surrogatepass"), context.encode())
    return f"{VERSION}:{ring.active_id}:{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"


def key_id_of(stored: str) -> str:
    """The id of the key that a stored value needs.

    Raises DecryptionError when the text isn't an encrypted value.
    """
    version, _separator, rest = stored.partition(":")
    key_id, separator, _sealed = rest.partition(":")
    if version != VERSION or not separator:
        raise DecryptionError("not-encrypted", _("This stored value is not in the encrypted form."))
    return key_id


def decrypt(stored: str, *, context: str) -> str:
    """The value that `encrypt` was given.

    Raises DecryptionError when its key isn't in the ring, or the text or the context was changed.
    """
    return decryptor(context=context)(stored.encode("utf-8", "surrogatepass"))


def decryptor(*, context: str) -> Callable[[bytes], str]:
    """`decrypt` for many values of one context, each as the bytes of its stored text."""
    ciphers = {f"{VERSION}:{key_id}".encode(): cipher.decrypt for key_id, cipher in key_ring().keys.items()}
    context_bytes = context.encode()

    def decrypt_one(stored: bytes) -> str:
        head, _separator, text = stored.rpartition(b":")
        cipher = ciphers.get(head)
        if cipher is None:
            raise _unreadable(stored.decode("utf-8", "replace"))
        try:
            sealed = binascii.a2b_base64(text.translate(_TO_STANDARD_ALPHABET) + b"==")  # more padding does no harm
            return cipher(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context_bytes).decode("utf-8", "surrogatepass")
        except (InvalidTag, ValueError) as error:
            raise DecryptionError("tampered", _("This stored value was changed or belongs elsewhere.")) from error

    return decrypt_one


def _unreadable(stored: str) -> DecryptionError:
    """Why there is no key for a stored value. Raises DecryptionError, too, where it isn't an encrypted one."""
    key_id = key_id_of(stored)
    message = _("The key “%(key_id)s” that this value was encrypted with is not in the key ring.")
    return DecryptionError("key-missing", message % {"key_id": key_id}, key_id=key_id)


def blind_index(value: str, *, context: str) -> str:
    """A keyed fingerprint (HMAC-SHA256, hex) by which an encrypted value can be looked up; empty for empty.

    Equal values give equal fingerprints within a context, so uniqueness can be enforced, and nobody without the
    key (`ELECTIONSITE_BLIND_INDEX_KEY`) can try out values against it.
    """
    if not value:
        return ""
    key = parse_key(settings.BLIND_INDEX_KEY)
    return hmac.new(key, f"{context}\x00{value}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def content_hash(content: Any) -> str:
    """SHA-256, in hex, of what JSON can hold: equal for equal content, whatever the order of its keys.

    An approval is bound to what was approved by it.
    """
    words = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()
