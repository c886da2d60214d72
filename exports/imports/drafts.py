"""Files between their preview and its confirmation: encrypted, for half an hour, for who sent them."""

import uuid
from dataclasses import asdict, dataclass

from django.core.cache import cache
from django.utils.translation import gettext as _

from common.errors import DomainError
from common.sensitive_data import decrypt_sensitive_data, encrypt_sensitive_data

KEEP_SECONDS = 30 * 60
CONTEXT = "exports.import"


@dataclass(frozen=True)
class Draft:
    """A file's rows, with fingerprints of what its preview showed (`exports.imports.judging`)."""

    kind: str
    actor_id: int | None
    file_name: str
    rows: list[list[str]]
    digests: list[str]
    seen: str


def keep_draft(draft: Draft, *, number: uuid.UUID | None = None) -> uuid.UUID:
    """Keep a draft, in the place of the one with `number` where given; returns its number."""
    number = number or uuid.uuid4()
    cache.set(_key(number), encrypt_sensitive_data(asdict(draft), context=f"{CONTEXT}:{number}"), KEEP_SECONDS)
    return number


def find_draft(number: uuid.UUID, *, kind: str, actor_id: int | None) -> Draft:
    """The draft of this kind and person. Raises DomainError `draft-gone`."""
    sealed = cache.get(_key(number))
    draft = Draft(**decrypt_sensitive_data(sealed, context=f"{CONTEXT}:{number}")) if sealed else None
    if draft is None or draft.actor_id != actor_id or draft.kind != kind:
        raise DomainError("draft-gone", _("This preview is older than half an hour. Send the file again."))
    return draft


def drop_draft(number: uuid.UUID) -> None:
    """Forget a draft."""
    cache.delete(_key(number))


def _key(number: uuid.UUID) -> str:
    return f"exports.import.{number.hex}"
