"""A load generator: so many connections post update after update, each waiting for its answer before the next.

Raw asyncio protocols on uvloop, without pipelining: it shares the processors with the server that it measures, and
spends about a tenth of what that spends.
"""

import asyncio
import json
import statistics
import sys
import time
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import cast

import uvloop


@dataclass
class Load:
    """What came of it; the time is that of answers 200."""

    accepted: int
    refused: int
    seconds: float
    p99_milliseconds: float

    @property
    def per_second(self) -> float:
        return self.accepted / self.seconds


@dataclass
class _Tally:
    milliseconds: list[float] = field(default_factory=list)
    refused: int = 0


class _Turns:
    """Numbers of updates, and how long to wait before each is sent; a rate of 0 is as fast as it goes."""

    def __init__(self, first: int, per_second: float) -> None:
        self._numbers, self._first, self._per_second = count(first), first, per_second
        self._started = time.perf_counter()

    def take(self) -> tuple[int, float]:
        number = next(self._numbers)
        due = (number - self._first) / self._per_second if self._per_second else 0.0
        return number, max(0.0, self._started + due - time.perf_counter())


class _Client(asyncio.Protocol):
    def __init__(self, tally: _Tally, head: bytes, turns: "_Turns", until: float) -> None:
        self._tally, self._head, self._turns, self._until = tally, head, turns, until
        self._received = b""
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send_in_turn()

    def _send_in_turn(self) -> None:
        number, wait_seconds = self._turns.take()
        if time.perf_counter() + wait_seconds > self._until:
            self._transport.close()
        elif wait_seconds > 0:
            asyncio.get_running_loop().call_later(wait_seconds, self._send, number)
        else:
            self._send(number)

    def _send(self, number: int) -> None:
        body = update_body(number)
        self._sent_at = time.perf_counter()
        self._transport.write(b"%sContent-Length: %d\r\n\r\n%s" % (self._head, len(body), body))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if b"\r\n\r\n" not in self._received:
            return
        now = time.perf_counter()
        if self._received.startswith(b"HTTP/1.1 200"):
            self._tally.milliseconds.append(1000 * (now - self._sent_at))
        else:
            self._tally.refused += 1
        self._received = b""
        self._send_in_turn()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


def update_body(number: int) -> bytes:
    """A message as Telegram words it, some 270 bytes; one of 5,000 people says it."""
    person = 10_000 + number % 5000
    return (
        b'{"update_id":%d,"message":{"message_id":%d,"from":{"id":%d,"is_bot":false,"first_name":"\xd9\x85\xd8\xb1\xdb'
        b'\x8c\xd9\x85","language_code":"fa"},"chat":{"id":%d,"first_name":"\xd9\x85\xd8\xb1\xdb\x8c\xd9\x85","type":'
        b'"private"},"date":1763800000,"text":"\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85 \xd8\xa8\xd8\xb1 \xd8\xb4\xd9\x85\xd8'
        b"\xa7 \xd9\x88 \xd8\xa8\xd8\xb1 \xd9\x87\xd9\x85\xd9\x87\xd9\x94 \xd9\x87\xd9\x85\xd8\xb3\xd8\xa7\xdb\x8c\xda"
        b'\xaf\xd8\xa7\xd9\x86"}}'
    ) % (number, number, person, person)


async def _post(port: int, path: str, secret: str, connections: int, seconds: float, turns: _Turns) -> Load:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += f"X-Telegram-Bot-Api-Secret-Token: {secret}\r\n"
    loop, tally, started = asyncio.get_running_loop(), _Tally(), time.perf_counter()
    clients = [_Client(tally, head.encode(), turns, started + seconds) for _connection in range(connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*(client.ended for client in clients))
    p99 = statistics.quantiles(tally.milliseconds, n=100)[98] if len(tally.milliseconds) > 1 else 0.0
    return Load(len(tally.milliseconds), tally.refused, time.perf_counter() - started, p99)


def main() -> None:
    """Called as a process of its own: port, path, secret, connections, seconds, first number, rate; prints JSON."""
    port, path, secret, connections, seconds, first, rate = sys.argv[1:]
    turns = _Turns(int(first), float(rate))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        load = runner.run(_post(int(port), path, secret, int(connections), float(seconds), turns))
    print(json.dumps(asdict(load)))  # noqa: T201


if __name__ == "__main__":
    main()
