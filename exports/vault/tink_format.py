"""Tink's streaming format AES256-GCM-HKDF-1MB, as far as it needs no file.

Source: https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming and its template
`AES256_GCM_HKDF_1MB` (key, derived key and salt of 32 bytes, HKDF by SHA-256, ciphertext segments of 2**20 bytes).

A file is a header (its own length, the salt, seven random bytes of all nonces) and segments. Each segment is sealed by
AES-256-GCM under a key derived for this file, with its number and whether it is the last in its nonce: none can be
changed, moved, repeated, left out or added without its being noticed. The first segment is shorter by the header, so
that segments end where 2**20 bytes do.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SEGMENT_BYTES = 1 << 20
KEY_BYTES = SALT_BYTES = 32
PREFIX_BYTES = 7
HEADER_BYTES = 1 + SALT_BYTES + PREFIX_BYTES
TAG_BYTES = 16
CLEAR_SEGMENT_BYTES = SEGMENT_BYTES - TAG_BYTES


def new_header() -> bytes:
    """The header of a new file: salt and nonce prefix are random."""
    return bytes([HEADER_BYTES]) + os.urandom(SALT_BYTES + PREFIX_BYTES)


class SegmentCipher:
    """Seals and opens the segments of the file that begins with `header`.

    Raises ValueError for a header that isn't of this format.
    """

    def __init__(self, key: bytes, header: bytes, associated_data: bytes) -> None:
        if len(header) != HEADER_BYTES or header[0] != HEADER_BYTES:
            raise ValueError("the header isn't that of AES256-GCM-HKDF-1MB")
        salt = header[1 : 1 + SALT_BYTES]
        self._prefix = header[1 + SALT_BYTES :]
        self._cipher = AESGCM(HKDF(SHA256(), KEY_BYTES, salt, info=associated_data).derive(key))

    def seal_into(self, sealed: memoryview, clear: memoryview, *, number: int, is_last: bool) -> None:
        """Encrypt `clear` to `sealed`, which is `TAG_BYTES` longer."""
        self._cipher.encrypt_into(self._nonce(number, is_last), clear, None, sealed)

    def open(self, sealed: bytes, *, number: int, is_last: bool) -> bytes:
        """What was sealed as that segment. Raises ValueError for anything else."""
        try:
            return self._cipher.decrypt(self._nonce(number, is_last), sealed, None)
        except InvalidTag as error:
            raise ValueError(f"this isn't what was sealed as segment {number}") from error

    def _nonce(self, number: int, is_last: bool) -> bytes:
        return self._prefix + number.to_bytes(4, "big") + bytes([is_last])


@dataclass(frozen=True)
class Layout:
    """Where what lies in a file of `stored_bytes`. The header counts as clear bytes that come before all others."""

    stored_bytes: int

    @property
    def segments(self) -> int:
        return max(1, -(-self.stored_bytes // SEGMENT_BYTES))

    @property
    def clear_bytes(self) -> int:
        """How many bytes the file holds. Raises ValueError when no file of this format has its size."""
        clear = self.stored_bytes - HEADER_BYTES - self.segments * TAG_BYTES
        if clear < 0:
            raise ValueError(f"a file of {self.stored_bytes} bytes is too short")
        return clear

    def segment_at(self, position: int) -> int:
        """The number of the segment that holds the clear byte at `position`."""
        return (position + HEADER_BYTES) // CLEAR_SEGMENT_BYTES

    def clear_start(self, number: int) -> int:
        """The position of the first clear byte of a segment."""
        return max(0, number * CLEAR_SEGMENT_BYTES - HEADER_BYTES)

    def stored_span(self, first: int, last: int) -> tuple[int, int]:
        """Where the segments from `first` to `last`, this included, begin and end in the file."""
        return max(HEADER_BYTES, first * SEGMENT_BYTES), min((last + 1) * SEGMENT_BYTES, self.stored_bytes)


def piece_sizes(start: int, end: int) -> Iterator[int]:
    """The sizes of the pieces that the ends of segments cut the stored bytes from `start` to `end` into."""
    while start < end:
        size = min(SEGMENT_BYTES - start % SEGMENT_BYTES, end - start)
        yield size
        start += size
