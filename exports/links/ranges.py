"""Which part of a file a request asks for (RFC 9110, section 14)."""

import re
from dataclasses import dataclass

from django.http.request import HttpHeaders

# Numbers of more digits than any file has bytes are as good as the largest.
_ONE_RANGE = re.compile(r"bytes=\s*([0-9]{0,18})[0-9]*-([0-9]{0,18})[0-9]*\s*", re.IGNORECASE)


class RangeNotSatisfiable(Exception):
    """The range begins behind the file's end."""


@dataclass(frozen=True)
class Span:
    """The bytes from `start` to `end`, this not included, of a file of `size` bytes."""

    start: int
    end: int
    size: int

    @property
    def is_whole(self) -> bool:
        return self.end - self.start == self.size

    @property
    def content_range(self) -> str:
        """As the header Content-Range tells it."""
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


def asked_span(headers: HttpHeaders, *, size: int, etag: str) -> Span | None:
    """The part that a request asks for; None where it gets the whole file.

    That it does also for several ranges at once, for a range that isn't written as one, and where If-Range names
    another version. Raises RangeNotSatisfiable.
    """
    found = _ONE_RANGE.fullmatch(headers.get("Range", ""))
    if not found or not any(found.groups()) or headers.get("If-Range", etag) != etag:
        return None
    first, last = found.groups()
    if not first:  # the last so many bytes
        span = Span(max(0, size - int(last)), size, size)
    else:
        span = Span(int(first), min(int(last) + 1, size) if last else size, size)
        if last and int(last) < int(first):
            return None
    if span.start >= size:
        raise RangeNotSatisfiable
    return span
