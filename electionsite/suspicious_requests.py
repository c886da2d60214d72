"""Noting requests whose values look like an attack on the database."""

import re
from collections.abc import Callable, Iterator

from django.http import HttpRequest, HttpResponse, QueryDict

from audit.security_events import log_security_event
from common.client_address import client_address, client_network
from common.logged_paths import logged_path
from common.sampling import admit
from common.suspicious_input import check_sql_injection
from common.text import clean_text
from electionsite.security_headers import is_for_signed_in_staff

MAXIMUM_VALUES = 200
MAXIMUM_CHARACTERS = 20_000
LONGEST_EXCERPT = 80
WINDOW_SECONDS = 60

SECRET_NAME = re.compile(r"pass|code|token|secret|otp|csrf|key|credential", re.IGNORECASE)
LONG_NUMBER = re.compile(r"\d{5,}")  # a phone number, a card, an identity number
NO_TEXT = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


class SuspiciousInputMiddleware:
    """Marks suspicious values of the path, the query and forms as the security event `input.suspicious`.

    The request has had its answer by then: nothing is refused, nobody waits, and only forms that a view has read are
    looked at. Webhook bodies are not: they are JSON, and what citizens write is theirs. At most one event is written
    for a network and minute; the next one tells how many requests were left out. Of the value only a short excerpt
    around nothing secret is kept.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        found = next(_suspicious(request), None)
        if found:
            _note(request, response.status_code, *found)
        return response


def _suspicious(request: HttpRequest) -> Iterator[tuple[str, str, str]]:
    characters_left = MAXIMUM_CHARACTERS
    for number, (name, text) in enumerate(_values(request)):
        if number == MAXIMUM_VALUES or characters_left <= 0:
            return
        text = text[:characters_left]
        characters_left -= len(text)
        if pattern := check_sql_injection(text):
            yield pattern, name, text


def _values(request: HttpRequest) -> Iterator[tuple[str, str]]:
    yield "(path)", logged_path(request.path_info)
    for values in (request.GET, _read_form(request)):
        for name, texts in values.lists():
            yield "(a name)", name
            if not SECRET_NAME.search(name):
                yield from ((name, str(text)) for text in texts)  # the admin itself puts a number in


def _read_form(request: HttpRequest) -> QueryDict:
    # Asking for POST would read the body of a view that didn't want it, or that reads it as a stream.
    return request.POST if hasattr(request, "_post") else QueryDict()


def _note(request: HttpRequest, status: int, pattern: str, name: str, text: str) -> None:
    network = client_network(client_address(request))
    left_out = admit(f"suspicious-input:{network}", limit=1, window_seconds=WINDOW_SECONDS)
    if left_out is None:
        return
    match = request.resolver_match
    details = {
        "pattern": pattern,
        "field": clean_text(name, LONGEST_EXCERPT),
        "excerpt": excerpt(text),
        "method": request.method,
        "route": match.route if match else "",  # not the path: in it may stand the token of a link
        "status": status,
        "requests_left_out": left_out,
    }
    actor = request.user if is_for_signed_in_staff(request) else None
    log_security_event("input.suspicious", actor=actor, details=details)  # type: ignore[arg-type]  # not anonymous


def excerpt(text: str) -> str:
    """The beginning of `text` on one line, long numbers struck out."""
    plain = NO_TEXT.sub(" ", clean_text(text[: 4 * LONGEST_EXCERPT]))
    return LONG_NUMBER.sub("…", plain)[:LONGEST_EXCERPT]
