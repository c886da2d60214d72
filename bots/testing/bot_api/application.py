"""From a request to its answer."""

import asyncio
import inspect
import logging
from typing import Any

import msgspec

from bots.testing.bot_api.arguments import Arguments, read_arguments
from bots.testing.bot_api.control import CONTROLS, PREFIX
from bots.testing.bot_api.http_protocol import Answer, Request
from bots.testing.bot_api.methods import METHODS
from bots.testing.bot_api.platform import Platform
from bots.testing.bot_api.refusals import Refusal, bad_request
from bots.testing.bot_api.schema import METHOD_NAMES, request_faults

logger = logging.getLogger(__name__)


class Application:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def answer(self, request: Request) -> Answer:
        """Status and body of the answer; None where the connection is to be cut."""
        try:
            if request.path.startswith(PREFIX):
                return 200, self._control(request)
            token, _slash, method = request.path.removeprefix("/bot").partition("/")
            if not request.path.startswith("/bot") or not method:
                raise Refusal(404, "Not Found")
            return await self._call(request, token, method)
        except Refusal as refusal:
            return refusal.status, refusal.body()
        except Exception:
            logger.exception("The test server failed at %s", request.path.rpartition("/")[2])
            return 500, Refusal(500, "Internal Server Error").body()

    def _control(self, request: Request) -> bytes:
        kind, act = CONTROLS.get(request.path.removeprefix(PREFIX), (None, None))
        if kind is None or act is None:
            raise Refusal(404, "Not Found: no such control")
        try:
            wish = msgspec.json.decode(request.body or b"{}", type=kind)
        except msgspec.MsgspecError as error:
            raise bad_request(str(error)) from None
        return _success(act(self._platform, wish))

    async def _call(self, request: Request, token: str, method: str) -> Answer:
        arguments = read_arguments(request.query, request.content_type, request.body)
        self._platform.calls.append((method, arguments.values))
        failure = self._platform.failures.take(token, method.lower())
        delay = self._platform.failures.delay_seconds + (failure.delay_seconds if failure else 0)
        if delay:
            await asyncio.sleep(delay)
        if failure is None:
            return 200, _success(await self._run(request, token, method, arguments))
        if failure.is_carried_out:
            await self._run(request, token, method, arguments)
        return failure.answer()

    async def _run(self, request: Request, token: str, method: str, arguments: Arguments) -> Any:
        account = self._platform.account(token)
        run = METHODS.get(method.lower())
        if run is None:
            raise Refusal(404, "Not Found: method not found")
        if request.content_type.startswith("application/json"):
            self._platform.faults.extend(request_faults(METHOD_NAMES[method.lower()], arguments.values))
        result = run(self._platform, account, arguments)
        return await result if inspect.isawaitable(result) else result


def _success(result: Any) -> bytes:
    return msgspec.json.encode({"ok": True, "result": result})
