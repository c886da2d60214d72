"""Where an act comes from: the request, or the task that a request queued.

Who acts is always an argument of `record`; only what a service has no business knowing travels this way.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from common.client_address import client_address
from common.text import clean_text

SESSION_ID_KEY = "session_id"
LONGEST_AGENT = 200


@dataclass(frozen=True)
class Origin:
    """The client's address and agent, the session's public id and the request's id, as the log keeps them."""

    address: str = ""
    agent: str = ""
    session_id: str = ""
    request_id: str = ""


_source: ContextVar[HttpRequest | Origin | None] = ContextVar("origin of acts", default=None)


def make_request_id() -> str:
    """A new random request id: 16 bytes in hex."""
    return secrets.token_hex(16)


def current_origin() -> Origin:
    """The origin of what this thread or task is doing; an empty one for commands and the system's own work."""
    source = _source.get()
    if isinstance(source, HttpRequest):
        return _origin_of(source)
    return source or Origin()


def current_request_id() -> str:
    """The id of the request that this thread or task works for; empty where there is none."""
    source = _source.get()
    return source.request_id if isinstance(source, Origin) else str(getattr(source, "request_id", ""))


@contextmanager
def acting_from(source: HttpRequest | Origin) -> Iterator[None]:
    """While this lasts, what is recorded came from `source`.

    A request is asked only when something is recorded: signing in, for one, gives it its session meanwhile.
    """
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)


def _origin_of(request: HttpRequest) -> Origin:
    session: Any = getattr(request, "session", {})
    return Origin(
        address=client_address(request),
        agent=clean_text(request.headers.get("User-Agent", ""), LONGEST_AGENT),
        session_id=str(session.get(SESSION_ID_KEY, "")),
        request_id=getattr(request, "request_id", ""),
    )
