"""What is to go wrong, as a test or an operator plans it."""

from collections import deque

import msgspec

from bots.testing.bot_api.refusals import USUAL_DESCRIPTIONS, Refusal, too_many_requests


class Failure(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How the next `count` calls go wrong; of one method or bot only, where it is named.

    A `status` is answered in the API's envelope, or with `body` as a proxy in between might. Without a status the
    connection is cut; with `is_carried_out` only after the call had its effect, so that the caller can't know.
    `delay_seconds` pass first.
    """

    status: int | None = None
    description: str = ""
    retry_after: int | None = None
    body: str | None = None
    count: int = 1
    method: str = ""
    token: str = ""
    is_carried_out: bool = False
    delay_seconds: float = 0.0

    def answer(self) -> tuple[int, bytes] | None:
        """Status and body; None when the connection is to be cut."""
        if self.status is None:
            return None
        if self.body is not None:
            return self.status, self.body.encode()
        if self.retry_after is not None and not self.description:
            return self.status, too_many_requests(self.retry_after).body()
        told = {} if self.retry_after is None else {"retry_after": self.retry_after}
        words = self.description or USUAL_DESCRIPTIONS.get(self.status, "Internal Server Error")
        return self.status, Refusal(self.status, words, **told).body()


class Failures:
    """The failures that are still to come, and how slow every answer is."""

    def __init__(self) -> None:
        self._planned: deque[Failure] = deque()
        self.delay_seconds = 0.0

    def plan(self, failure: Failure) -> None:
        self._planned.append(failure)

    def take(self, token: str, method: str) -> Failure | None:
        """The first failure that is meant for this call; it counts as used."""
        for failure in self._planned:
            if failure.method.lower() in ("", method) and failure.token in ("", token):
                failure.count -= 1
                if failure.count <= 0:
                    self._planned.remove(failure)
                return failure
        return None
