"""Encrypting what a service keeps outside a model's encrypted fields: in a file, a cache, a message to a task."""

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from common.crypto import decrypt, encrypt


def encrypt_sensitive_data(value: Any, *, context: str) -> str:
    """`value` as text that only this system can read, by AES-256-GCM under the active field key.

    Takes what JSON can hold: text, numbers, booleans, None, lists and dictionaries; moments and decimals come back as
    text. `context` says what it is for, such as `exports.link`; only who names the same can read it.

    `rotate_keys` renews the columns of `EncryptedTextField` only. What is kept in the database belongs in such a
    column; what is encrypted here should not have to outlive the key.
    """
    return encrypt(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False), context=_own(context))


def decrypt_sensitive_data(stored: str, *, context: str) -> Any:
    """What `encrypt_sensitive_data` was given.

    Raises DecryptionError when its key is gone, or the text or the context was changed.
    """
    return json.loads(decrypt(stored, context=_own(context)))


def _own(context: str) -> str:
    """Apart from the contexts of columns, so that a column's value is never taken for this."""
    return f"data:{context}"
