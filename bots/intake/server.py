"""Running the intake: one process that serves a socket, or several beside each other."""

import asyncio
import gc
import logging
import multiprocessing
import socket
import time
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

import uvloop
from django.conf import settings

from bots.intake.application import Intake
from bots.intake.http import HttpProtocol
from common.processes import STOP_SIGNALS, exit_on_stop_signals

logger = logging.getLogger(__name__)

BACKLOG = 2048
LOOK_EVERY_SECONDS = 0.5
# Longer than a commit may take.
FINISH_SECONDS = 10.0
REPLACE_SECONDS = 1.0


def listen(*, host: str, port: int, processes: int) -> list[socket.socket]:
    """A socket for each process. The kernel shares connections out among them; one's backlog outlives its process.

    Raises OSError when the address can't be listened at.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as first:
        port = first.getsockname()[1]  # nobody else has it: sockets that share a port would not find that out
    return [
        socket.create_server((host, port), family=family, backlog=BACKLOG, reuse_port=processes > 1)
        for _process in range(processes)
    ]


def serve(sockets: list[socket.socket]) -> None:
    """Serve each socket by a process until told to stop; what was accepted by then is committed and answered."""
    # Django's objects stay for good: collecting garbage needn't look at them, and processes share their memory.
    gc.collect()
    gc.freeze()
    if len(sockets) == 1:
        _run(sockets[0])
    else:
        _supervise(sockets)


async def serve_socket(intake: Intake, listening: socket.socket, stops: asyncio.Event) -> None:
    """Serve until the event; then answer what was asked, for ten seconds at most."""
    connections: set[HttpProtocol] = set()
    work = [asyncio.create_task(task) for task in (intake.known_bots.keep_up(), intake.inbox.keep_storing())]
    watch = asyncio.create_task(_expire(connections))

    def make_protocol() -> HttpProtocol:
        return HttpProtocol(intake.judge, connections, settings.WEBHOOK_MAXIMUM_BYTES)

    server = await asyncio.get_running_loop().create_server(make_protocol, sock=listening, backlog=BACKLOG)
    await stops.wait()
    server.close()
    for connection in tuple(connections):
        connection.leave()
    with suppress(TimeoutError):
        async with asyncio.timeout(FINISH_SECONDS):
            while connections:
                await asyncio.sleep(0.02)
    for task in (watch, *work):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _expire(connections: set[HttpProtocol]) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        now = asyncio.get_running_loop().time()
        for connection in tuple(connections):
            if connection.deadline < now:
                connection.expire()


def _run(listening: socket.socket) -> None:
    async def run() -> None:
        loop, stops = asyncio.get_running_loop(), asyncio.Event()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, stops.set)
        parent = multiprocessing.parent_process()
        if parent:  # becomes readable when the parent is gone, however it went
            loop.add_reader(parent.sentinel, stops.set)
        await serve_socket(Intake(), listening, stops)
        if parent:
            loop.remove_reader(parent.sentinel)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


def _supervise(sockets: list[socket.socket]) -> None:
    """Keep a process at each socket until told to stop."""
    exit_on_stop_signals()
    running: dict[socket.socket, BaseProcess] = {}
    try:
        while True:
            for listening in sockets:
                if listening not in running:
                    running[listening] = _start(listening, sockets)
            wait([process.sentinel for process in running.values()])
            for listening, process in tuple(running.items()):
                if process.exitcode is not None:
                    logger.error("A process of the intake ended by itself (%s)", process.exitcode)
                    del running[listening]
            time.sleep(REPLACE_SECONDS)
    finally:
        for listening in sockets:  # who comes now is turned away, not left waiting for nobody
            listening.close()
        _end(list(running.values()))


def _start(listening: socket.socket, sockets: list[socket.socket]) -> BaseProcess:
    process = multiprocessing.get_context("fork").Process(target=_work, args=(listening, sockets))
    process.start()
    return process


def _work(listening: socket.socket, sockets: list[socket.socket]) -> None:
    for other in sockets:
        if other is not listening:
            other.close()
    _run(listening)


def _end(processes: list[BaseProcess]) -> None:
    for process in processes:
        process.terminate()
    give_up_at = time.monotonic() + FINISH_SECONDS + 5
    for process in processes:
        process.join(max(0, give_up_at - time.monotonic()))
        if process.exitcode is None:
            process.kill()
            process.join()
