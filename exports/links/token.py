"""The token of a download link: the link's number, and a signature that only this site can make.

64 letters of base64url: 16 bytes of number, 32 of HMAC-SHA256 (RFC 2104). The signing keys are derived (HKDF, RFC 5869)
from those that encrypt stored values: the active one signs, all of the ring verify, so a link outlives a rotation as
long as its key stays in the ring.
"""

import base64
import hashlib
import hmac
import re
from functools import lru_cache
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from common.crypto import KEY_BYTES, parse_key_ring

PURPOSE = b"exports.DownloadLink"
NUMBER_BYTES = 16
SHAPE = re.compile(r"[A-Za-z0-9_-]{64}")


def make_token(number: UUID) -> str:
    """The token of the link with that number."""
    active = _signing_keys(settings.FIELD_KEYS)[0]
    return base64.urlsafe_b64encode(number.bytes + _sign(number.bytes, active)).decode()


def read_token(token: str) -> tuple[UUID, bool]:
    """The number in a token, and whether this site made it.

    What isn't even shaped like a token has a number that no link has; so whoever looks the number up does the same
    work for all tokens.
    """
    if not SHAPE.fullmatch(token):
        return uuid4(), False
    raw = base64.urlsafe_b64decode(token)
    number, signature = raw[:NUMBER_BYTES], raw[NUMBER_BYTES:]
    found = [hmac.compare_digest(signature, _sign(number, key)) for key in _signing_keys(settings.FIELD_KEYS)]
    return UUID(bytes=number), any(found)


def _sign(number: bytes, key: bytes) -> bytes:
    return hmac.new(key, number, hashlib.sha256).digest()


@lru_cache(maxsize=8)
def _signing_keys(ring: str) -> list[bytes]:
    return [HKDF(SHA256(), KEY_BYTES, salt=None, info=PURPOSE).derive(key) for key in parse_key_ring(ring).values()]
