"""HTTP/1.1 on a socket: small and fast, and able to cut a connection, which web frameworks don't offer."""

import asyncio
import http
from collections import deque
from collections.abc import Awaitable, Callable
from typing import cast
from urllib.parse import urlsplit

import httptools
import msgspec


class Request(msgspec.Struct):
    path: str
    query: str
    content_type: str
    body: bytes


# Status and body; None cuts the connection.
Answer = tuple[int, bytes] | None
Handler = Callable[[Request], Awaitable[Answer]]


class HttpProtocol(asyncio.Protocol):
    """One connection, in `connections` for as long as it is open; its requests are answered in turn."""

    def __init__(self, handle: Handler, connections: "set[HttpProtocol]") -> None:
        self._handle, self._connections = handle, connections
        self._parser = httptools.HttpRequestParser(self)
        self._requests: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._url, self._content_type, self._body = b"", "", bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own doesn't derive from it
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._connections.discard(self)
        if self._task:
            self._task.cancel()

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if self._transport:
                self._transport.close()

    def on_message_begin(self) -> None:
        self._url, self._content_type, self._body = b"", "", bytearray()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-type":
            self._content_type = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        address = urlsplit(self._url.decode("latin-1"))
        self._requests.append(Request(address.path, address.query, self._content_type, bytes(self._body)))
        if self._task is None:
            self._task = asyncio.ensure_future(self._answer_all())

    async def _answer_all(self) -> None:
        try:
            while self._requests:
                answer = await self._handle(self._requests.popleft())
                if self._transport is None:
                    return
                if answer is None:
                    self._transport.abort()
                    return
                self._write(self._transport, *answer)
        finally:
            self._task = None

    def _write(self, transport: asyncio.Transport, status: int, body: bytes) -> None:
        phrase = http.HTTPStatus(status).phrase
        head = f"HTTP/1.1 {status} {phrase}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        stays = "" if self._parser.should_keep_alive() else "Connection: close\r\n"
        transport.write(f"{head}{stays}\r\n".encode() + body)
        if stays:
            transport.close()
