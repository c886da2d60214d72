"""HTTP/1.1 on a socket, for requests that are answered by a status alone.

A server for everything spends more on each request than taking an update costs (docs/adr/0014). httptools, which is the
parser of Node.js, parses; what a connection may cost us, and in which order it is answered, is decided here.
"""

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

import httptools

logger = logging.getLogger(__name__)

# A request's line and headers are there at once; who sends them drop by drop holds a connection for nothing.
HEAD_SECONDS = 10.0
BODY_SECONDS = 10.0
# Platforms, and nginx, send the next update by the same connection.
KEEP_ALIVE_SECONDS = 75.0
# So long a refused sender may go on, unheard: closing at once would reset the connection before the answer is read.
LINGER_SECONDS = 2.0
MOST_HEAD_BYTES = 32 * 1024
RETRY_AFTER_SECONDS = 5

_NOTHING, _HEAD, _BODY = range(3)  # what is being read
_MORE = {405: "Allow: POST\r\n", 503: f"Retry-After: {RETRY_AFTER_SECONDS}\r\n"}


@dataclass(frozen=True, slots=True)
class Head:
    """A request before its body. The names of headers are in small letters."""

    method: bytes
    url: bytes
    headers: dict[bytes, bytes]


Answer = Callable[[int], None]
# Takes a body, and answers it by a status, at once or later.
Take = Callable[[bytes, Answer], None]
# Says to whom a request's body is given, or which status refuses it.
Judge = Callable[[Head], Take | int]


def _words(status: int, connection: str) -> bytes:
    line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
    return f"{line}{_MORE.get(status, '')}{connection}Content-Length: 0\r\n\r\n".encode()


_STATUSES = (200, 400, 401, 404, 405, 408, 413, 431, 500, 503)
_STAYS = {status: _words(status, "") for status in _STATUSES}
_CLOSES = {status: _words(status, "Connection: close\r\n") for status in _STATUSES}


class _Answer:
    """The place of an answer in its connection's order; called with the status once that is known."""

    __slots__ = ("_protocol", "closes", "status")

    def __init__(self, protocol: "HttpProtocol", *, closes: bool) -> None:
        self._protocol, self.closes, self.status = protocol, closes, 0

    def __call__(self, status: int) -> None:
        self.status = status
        self._protocol.write_answers()


class HttpProtocol(asyncio.Protocol):
    """One connection, in `connections` for as long as it is open; its requests are answered in their order.

    `deadline` is the moment, by the loop's clock, at which `expire` is to be called.
    """

    def __init__(self, judge: Judge, connections: "set[HttpProtocol]", most_body_bytes: int) -> None:
        self._judge, self._connections, self._most_body_bytes = judge, connections, most_body_bytes
        self._now = asyncio.get_running_loop().time
        self._parser = httptools.HttpRequestParser(self)
        self._answers: deque[_Answer] = deque()
        self._transport: asyncio.Transport | None = None
        self._reads, self._head_bytes, self._body_bytes = _NOTHING, 0, 0
        self._url, self._headers, self._body = b"", dict[bytes, bytes](), list[bytes]()
        self._verdict: Take | int = 400
        self._hears, self._is_paused, self._leaves = True, False, False
        self.deadline = math.inf

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own doesn't derive from it
        self._connections.add(self)
        self.deadline = self._now() + HEAD_SECONDS

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._connections.discard(self)

    def eof_received(self) -> bool:
        """Whoever has said all may still wait for answers."""
        self.leave()
        return bool(self._answers)

    def pause_writing(self) -> None:
        """Thousands of answers wait to be read: nobody does."""
        self.abort()

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport:
            self._transport.abort()

    def expire(self) -> None:
        """End what has taken too long."""
        if self._hears and self._reads == _BODY:
            self._refuse(408)
        else:
            self.abort()

    def leave(self) -> None:
        """Close the connection once what was asked by it is answered."""
        self._leaves = True
        if self._reads != _NOTHING:
            return
        self._hears = False
        if self._answers:
            self._answers[-1].closes = True
        elif self._transport:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        if not self._hears:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError:
            logger.exception("A request failed")
            self._refuse(500)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse(400)
        if self._reads == _HEAD:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse(431)
        if len(self._answers) > 1 and self._transport:  # the next request came before the answer: one at a time
            self._is_paused = True
            self._transport.pause_reading()

    # What the parser finds.

    def on_message_begin(self) -> None:
        self._reads, self._head_bytes, self._body_bytes = _HEAD, 0, 0
        self._url, self._headers, self._body = b"", {}, []
        self.deadline = self._now() + HEAD_SECONDS

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._reads == _HEAD:  # what follows a chunked body says nothing to us
            self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._reads = _BODY
        self.deadline = self._now() + BODY_SECONDS
        if self._parser.should_upgrade():  # the parser would hand over what follows to another protocol
            self._refuse(400)
            return
        self._verdict = self._judge(Head(self._parser.get_method(), self._url, self._headers))
        self._limit_body(int(self._headers.get(b"content-length", 0)))
        if b"expect" in self._headers and self._hears:
            self._encourage()

    def on_body(self, part: bytes) -> None:
        if not self._hears:
            return
        self._body_bytes += len(part)
        if not isinstance(self._verdict, int):
            self._body.append(part)
        self._limit_body(self._body_bytes)

    def on_message_complete(self) -> None:
        if not self._hears:
            return
        self._reads, self.deadline = _NOTHING, math.inf
        self._hears = self._parser.should_keep_alive() and not self._leaves
        answer = _Answer(self, closes=not self._hears)
        self._answers.append(answer)
        if isinstance(self._verdict, int):
            answer(self._verdict)
        else:
            self._verdict(b"".join(self._body), answer)

    def _limit_body(self, size: int) -> None:
        if size > self._most_body_bytes:
            self._refuse(self._verdict if isinstance(self._verdict, int) else 413)

    def _encourage(self) -> None:
        """Answer a sender who asks before sending the body (RFC 9110, section 10.1.1)."""
        if isinstance(self._verdict, int):
            self._refuse(self._verdict)
        elif self._transport and not self._answers:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _refuse(self, status: int) -> None:
        """Answer a request that isn't read to its end; the connection is of no use then."""
        if self._hears:
            self._hears = False
            answer = _Answer(self, closes=True)
            self._answers.append(answer)
            answer(status)

    def write_answers(self) -> None:
        """Write what is known of the answers that are due."""
        transport = self._transport
        if transport is None:
            return
        while self._answers and self._answers[0].status:
            answer = self._answers.popleft()
            transport.write((_CLOSES if answer.closes else _STAYS)[answer.status])
            if answer.closes:
                self._end(transport)
                return
        if not self._answers:
            if self._reads == _NOTHING:
                self.deadline = self._now() + KEEP_ALIVE_SECONDS
            if self._is_paused:
                self._is_paused = False
                transport.resume_reading()

    def _end(self, transport: asyncio.Transport) -> None:
        if self._reads == _NOTHING:
            transport.close()
        else:
            transport.write_eof()
            self.deadline = self._now() + LINGER_SECONDS
