"""`python -m bots.testing.bot_api --port 8081`: the test server as a process, until Ctrl-C."""

import argparse
import asyncio
import signal

import uvloop

from bots.testing.bot_api.clock import MachineClock
from bots.testing.bot_api.limits import NO_LIMITS, Limits
from bots.testing.bot_api.platform import Platform
from bots.testing.bot_api.server import Listening


async def serve(platform: Platform, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    listening = Listening(platform)
    await listening.open(port)
    await stop.wait()
    await listening.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bots.testing.bot_api", description=__doc__)
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--no-limits", action="store_true", help="let bots send as fast as they can")
    parser.add_argument(
        "--real-webhooks", action="store_true", help="take https webhooks on the real server's ports only"
    )
    options = parser.parse_args()
    platform = Platform(
        clock=MachineClock(),
        limits=NO_LIMITS if options.no_limits else Limits(),
        is_local_mode=not options.real_webhooks,
        takes_any_token=True,
    )
    uvloop.run(serve(platform, options.port))


main()
