"""What a seal is, without a database: its mark, its chain, its form off this machine.

`mac` is HMAC-SHA256 under a key of `ELECTIONSITE_AUDIT_KEYS` over `Seal.statement`, which names the seal before by its
mac. `row_digests` holds 24 bytes a row, the id (big-endian) and the first 16 bytes of its SHA-256: they name the row
that was changed when `content_digest`, the SHA-256 of all rows together, no longer agrees.
"""

import base64
import datetime as dt
import hashlib
import hmac
import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings

from common.crypto import parse_key_ring

VERSION = "electionsite audit seal 1"
BEFORE_THE_FIRST = bytes(32)
ROW_DIGEST = struct.Struct(">q16s")
BINARY_FIELDS = ("content_digest", "row_digests", "previous_mac", "mac")


@dataclass(frozen=True)
class Seal:
    """One link of the chain. `mac` is empty until it is signed."""

    number: int
    sealed_at: dt.datetime
    first_row_id: int
    last_row_id: int
    row_count: int
    content_digest: bytes
    row_digests: bytes
    previous_mac: bytes
    key_id: str
    mac: bytes = b""

    @property
    def statement(self) -> bytes:
        """What the mac is computed over: lines of text, so that nothing can be read in two ways."""
        lines = (
            VERSION,
            str(self.number),
            self.sealed_at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
            str(self.first_row_id),
            str(self.last_row_id),
            str(self.row_count),
            self.content_digest.hex(),
            hashlib.sha256(self.row_digests).hexdigest(),
            self.previous_mac.hex(),
            self.key_id,
        )
        return "\n".join(lines).encode()

    def digests_by_id(self) -> dict[int, bytes]:
        """The digest of each sealed row."""
        return dict(ROW_DIGEST.iter_unpack(self.row_digests))


@lru_cache(maxsize=4)
def _keys(text: str) -> Mapping[str, bytes]:
    return parse_key_ring(text)


def audit_keys() -> Mapping[str, bytes]:
    """The keys of `ELECTIONSITE_AUDIT_KEYS` by id; the first signs, all verify."""
    return _keys(settings.AUDIT_KEYS)


def active_key_id() -> str:
    """The id of the key that signs new seals."""
    return next(iter(audit_keys()))


def mac_of(seal: Seal) -> bytes | None:
    """The mac that `seal` must carry; None when its key isn't in the ring."""
    key = audit_keys().get(seal.key_id)
    return hmac.new(key, seal.statement, hashlib.sha256).digest() if key else None


def is_genuine(seal: Seal) -> bool:
    """Whether the seal is one that a holder of its key made."""
    return hmac.compare_digest(mac_of(seal) or b"", seal.mac) and bool(seal.mac)


def pack_row_digest(row_id: int, row: bytes) -> bytes:
    """A row's entry of `row_digests`."""
    return ROW_DIGEST.pack(row_id, digest_of_row(row))


def digest_of_row(row: bytes) -> bytes:
    """The first 16 bytes of the row's SHA-256."""
    return hashlib.sha256(row).digest()[:16]


def to_line(seal: Seal) -> str:
    """The seal as one line of JSON, as it is sent off this machine."""
    content = {**seal.__dict__, "sealed_at": seal.sealed_at.astimezone(dt.UTC).isoformat(timespec="microseconds")}
    content |= {name: base64.b64encode(content[name]).decode() for name in BINARY_FIELDS}
    return json.dumps(content, separators=(",", ":"))


def from_line(line: str) -> Seal:
    """The seal of a line that `to_line` wrote. Raises ValueError for any other."""
    try:
        content: dict[str, Any] = json.loads(line)
        content |= {name: base64.b64decode(content[name], validate=True) for name in BINARY_FIELDS}
        content["sealed_at"] = dt.datetime.fromisoformat(content["sealed_at"])
        seal = Seal(**content)
        if len(seal.row_digests) != seal.row_count * ROW_DIGEST.size:
            raise ValueError("the digests don't fit the number of rows")
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise ValueError(f"not a seal: {error}") from error
    return seal


def seals_of(rows: Any) -> Iterator[Seal]:
    """The database's seals as values, streamed; `rows` is a queryset of AuditSeal. Large ones have a megabyte."""
    names = tuple(Seal.__dataclass_fields__)
    for values in rows.values_list(*names).iterator(chunk_size=16):
        plain: list[Any] = [bytes(value) if isinstance(value, memoryview) else value for value in values]
        yield Seal(*plain)
