"""An authenticator in software, which also does what no real one would."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

ORIGIN = "http://localhost"
# Web Authentication Level 3, section 6.1: the bits of the authenticator data's flags.
PRESENT, VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


def to_text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def to_bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Authenticator:
    """Holds one passkey of the host `host`."""

    def __init__(self, *, host: str = "localhost", checks_person: bool = True) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.host = host
        self.flags = PRESENT | (VERIFIED if checks_person else 0)
        self.uses = 0

    def make(self, options: dict[str, Any], *, origin: str = ORIGIN) -> dict[str, Any]:
        """The answer to `navigator.credentials.create` with these options."""
        known = b"\0" * 16 + len(self.id).to_bytes(2, "big") + self.id + self._public_key()
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(HAS_KEY) + known}
        client = self._client_data("webauthn.create", options, origin)
        return self._credential(clientDataJSON=client, attestationObject=cbor2.dumps(attestation))

    def use(self, options: dict[str, Any], *, origin: str = ORIGIN) -> dict[str, Any]:
        """The answer to `navigator.credentials.get` with these options."""
        self.uses += 1
        data, client = self._data(), self._client_data("webauthn.get", options, origin)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._credential(clientDataJSON=client, authenticatorData=data, signature=signature)

    def _credential(self, **response: bytes) -> dict[str, Any]:
        sent = {name: to_text(value) for name, value in response.items()}
        shared = {"id": to_text(self.id), "rawId": to_text(self.id), "type": "public-key"}
        return {**shared, "response": sent, "clientExtensionResults": {}}

    def _data(self, flags: int = 0) -> bytes:
        host = hashlib.sha256(self.host.encode()).digest()
        return host + (self.flags | flags).to_bytes(1, "big") + self.uses.to_bytes(4, "big")

    def _public_key(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        # RFC 9053, sections 2.1 and 7.1: an elliptic curve key of P-256 for ES256.
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})

    def _client_data(self, kind: str, options: dict[str, Any], origin: str) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": origin}).encode()
