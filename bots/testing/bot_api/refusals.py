"""Refusals, worded as the real server words them."""

from typing import Any

import msgspec


class Refusal(Exception):
    """A call is refused with an HTTP status, a description and, where the API has them, parameters."""

    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters

    def body(self) -> bytes:
        """The envelope that a refused call is answered with."""
        envelope: dict[str, Any] = {"ok": False, "error_code": self.status, "description": self.description}
        return msgspec.json.encode({**envelope, "parameters": self.parameters} if self.parameters else envelope)


def bad_request(what: str) -> Refusal:
    return Refusal(400, f"Bad Request: {what}")


def forbidden(what: str) -> Refusal:
    return Refusal(403, f"Forbidden: {what}")


def conflict(what: str) -> Refusal:
    return Refusal(409, f"Conflict: {what}")


def too_many_requests(retry_after_seconds: int) -> Refusal:
    words = f"Too Many Requests: retry after {retry_after_seconds}"
    return Refusal(429, words, retry_after=retry_after_seconds)


# What a planned failure says when it isn't told what to say.
USUAL_DESCRIPTIONS = {
    400: "Bad Request: chat not found",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
