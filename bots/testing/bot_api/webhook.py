"""Sends updates to a bot's webhook, again and again until it answers 2xx.

After https://core.telegram.org/bots/webhooks and the real server's WebhookActor (github.com/tdlib/telegram-bot-api):
the updates of one chat are sent in their order, one at a time; what fails is repeated at once, then after two seconds,
then after twice as long each time; a Retry-After of the receiver is obeyed up to an hour. The real server adds some
chance to the longest pauses; this one doesn't, so that tests know what comes.
"""

import asyncio
import http
import re
from collections import deque
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from bots.testing.bot_api.clock import Clock
from bots.testing.bot_api.refusals import bad_request
from bots.testing.bot_api.updates import UpdateQueue, Waiting

ANSWER_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 60
LONGEST_RETRY_AFTER_SECONDS = 3600
ALLOWED_PORTS = frozenset({80, 88, 443, 8443})
SECRET_TOKEN = re.compile(r"[A-Za-z0-9_-]{0,256}")


class Webhook(msgspec.Struct, frozen=True):
    url: str
    secret_token: str = ""
    max_connections: int = 40


def judge_webhook(webhook: Webhook, *, is_local_mode: bool) -> None:
    """Raises Refusal for a webhook that the real server would refuse; in its local mode, http and any port are fine."""
    address = urlsplit(webhook.url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise bad_request("invalid webhook URL specified")
    if not is_local_mode and address.scheme != "https":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if not is_local_mode and (address.port or 443) not in ALLOWED_PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if not SECRET_TOKEN.fullmatch(webhook.secret_token):
        raise bad_request("secret token contains unallowed characters")


def pause_seconds(failures: int) -> int:
    """How long to wait after so many failures of one update."""
    return 0 if failures <= 1 else min(2 ** (failures - 1), LONGEST_PAUSE_SECONDS)


class WebhookSender:
    """Delivers one bot's updates while a webhook is set."""

    def __init__(self, updates: UpdateQueue, clock: Clock) -> None:
        self._updates, self._clock = updates, clock
        self.webhook: Webhook | None = None
        self._chats: dict[int, deque[int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._client: httpx.AsyncClient | None = None
        self._places = asyncio.Semaphore(1)
        self._last_error: tuple[int, str] | None = None

    def set(self, webhook: Webhook) -> None:
        """Send what waits, and what comes, to this address."""
        self.remove()
        self.webhook, self._last_error = webhook, None
        connections = min(max(webhook.max_connections, 1), 100)
        self._places = asyncio.Semaphore(connections)
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._client = httpx.AsyncClient(timeout=ANSWER_SECONDS, limits=limits, trust_env=False)
        for waiting in self._updates.all():
            self.notice(waiting)

    def remove(self) -> None:
        """Keep what waits for whoever asks."""
        for task in self._tasks:
            task.cancel()
        self._chats.clear()
        client, self._client, self.webhook = self._client, None, None
        if client is not None:
            _keep(asyncio.ensure_future(client.aclose()), self._closing)

    async def close(self) -> None:
        """Send nothing any more, and close the connections."""
        self.remove()
        await asyncio.gather(*self._tasks, *self._closing, return_exceptions=True)

    def notice(self, waiting: Waiting) -> None:
        """An update has come in."""
        if self.webhook is None:
            return
        if waiting.chat_id in self._chats:
            self._chats[waiting.chat_id].append(waiting.update_id)
            return
        self._chats[waiting.chat_id] = deque([waiting.update_id])
        delivery = self._deliver_chat(waiting.chat_id, self._chats[waiting.chat_id])
        _keep(asyncio.ensure_future(delivery), self._tasks)

    def info(self) -> dict[str, Any]:
        """As the API tells of a WebhookInfo."""
        told: dict[str, Any] = {
            "url": self.webhook.url if self.webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates.all()),
        }
        if self.webhook:
            told["max_connections"] = self.webhook.max_connections
        if self._last_error:
            told["last_error_date"], told["last_error_message"] = self._last_error
        if self._updates.allowed is not None:
            told["allowed_updates"] = sorted(self._updates.allowed)
        return told

    async def _deliver_chat(self, chat_id: int, numbers: deque[int]) -> None:
        failures = 0
        while numbers:
            waiting = self._updates.get(numbers[0])
            if waiting is None:  # its day is over
                numbers.popleft()
                continue
            async with self._places:
                error, retry_after = await self._post(waiting)
            if not error:
                self._updates.remove(numbers.popleft())
                failures = 0
                continue
            failures += 1
            self._last_error = (int(self._clock.now()), error)
            await self._clock.sleep(retry_after or pause_seconds(failures))
        del self._chats[chat_id]

    async def _post(self, waiting: Waiting) -> tuple[str, int]:
        """What went wrong, empty when nothing did, and how long the receiver asks to wait."""
        assert self.webhook  # noqa: S101 (for the type checker)
        assert self._client  # noqa: S101 (for the type checker)
        secret = {"X-Telegram-Bot-Api-Secret-Token": self.webhook.secret_token} if self.webhook.secret_token else {}
        headers = {"Content-Type": "application/json", **secret}
        try:
            response = await self._client.post(self.webhook.url, content=waiting.body, headers=headers)
        except httpx.ConnectError:
            return "Connection refused", 0
        except httpx.TimeoutException:
            return "Read timeout expired", 0
        except httpx.HTTPError:
            return "Webhook connection closed", 0
        if response.is_success:
            return "", 0
        asked = response.headers.get("Retry-After", "")
        retry_after = min(int(asked), LONGEST_RETRY_AFTER_SECONDS) if asked.isascii() and asked.isdigit() else 0
        return f"Wrong response from the webhook: {response.status_code} {_reason(response.status_code)}", retry_after


def _keep(task: asyncio.Task[None], tasks: set[asyncio.Task[None]]) -> None:
    """Hold a task until it is done: the event loop itself doesn't."""
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def _reason(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""
