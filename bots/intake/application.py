"""Which request is answered how."""

import asyncio
import logging
import re
import secrets
from functools import partial

from django.conf import settings

from bots.intake.http import Answer, Head, Take
from bots.intake.inbox import Inbox
from bots.intake.known_bots import KnownBot, KnownBots
from bots.models import InboundUpdate
from bots.projection.decode import NotJson, read_update_id
from common.crypto import encrypt
from common.regions import load_regions

logger = logging.getLogger(__name__)

# Above this, sealing a body takes as long as answering many others: it is done beside the loop.
LARGE_BYTES = 32 * 1024
_PATH = re.compile(rb"/webhook/([a-z0-9_-]{1,32})/([A-Za-z0-9_-]{1,64})/?")
_SECRET_HEADER = b"x-telegram-bot-api-secret-token"
_CONTEXT = InboundUpdate._meta.get_field("body").context


class Intake:
    """Judges requests.

    200 only once an update is committed; 503 when it can't be, so that the platform keeps it and sends it again. 404
    for an unknown key or region, 401 for a wrong secret, 413 above a mebibyte, 400 for what isn't JSON, and in
    production for what came without TLS: a redirect would hide that the secret has travelled in clear. The region in
    the path is nginx's business: a bot whose candidate moved is still served by its old path.
    """

    def __init__(self) -> None:
        self.known_bots = KnownBots()
        self.inbox = Inbox()
        self._regions = {region.code.encode() for region in load_regions()}
        self._large: set[asyncio.Task[None]] = set()

    @property
    def is_ready(self) -> bool:
        """Whether updates can be taken now."""
        return self.known_bots.is_read and self.inbox.is_open

    def judge(self, head: Head) -> Take | int:
        """What becomes of a request: the status that refuses it, or who takes its body."""
        path = head.url.partition(b"?")[0]
        place = _PATH.fullmatch(path)
        if place is None or place[1] not in self._regions:
            return self._health(path)
        if head.method != b"POST":
            return 405
        if settings.SECURE_SSL_REDIRECT and not _came_by_tls(head):
            return 400
        bot = self.known_bots.find(place[2])
        if bot is None:
            return 404 if self.known_bots.is_read else 503
        if not secrets.compare_digest(head.headers.get(_SECRET_HEADER, b""), bot.secret):
            return 401
        return partial(self._take, bot)

    def _health(self, path: bytes) -> int:
        answers = {b"/health/live": 200, b"/health/ready": 200 if self.is_ready else 503}
        return answers.get(path.removesuffix(b"/"), 404)

    def _take(self, bot: KnownBot, body: bytes, answer: Answer) -> None:
        if len(body) > LARGE_BYTES:
            task = asyncio.create_task(self._take_large(bot, body, answer))
            self._large.add(task)
            task.add_done_callback(self._large.discard)
            return
        try:
            update_id, sealed = _seal(body)
        except NotJson:
            answer(400)
        else:
            self.inbox.store(bot_id=bot.id, update_id=update_id, body=sealed, answer=answer)

    async def _take_large(self, bot: KnownBot, body: bytes, answer: Answer) -> None:
        try:
            update_id, sealed = await asyncio.to_thread(_seal, body)
        except NotJson:
            answer(400)
        except Exception:
            logger.exception("A large update can't be kept")
            answer(500)
        else:
            self.inbox.store(bot_id=bot.id, update_id=update_id, body=sealed, answer=answer)


def _came_by_tls(head: Head) -> bool:
    """The word of the proxy in front, where settings trust one; the intake itself speaks no TLS."""
    if settings.SECURE_PROXY_SSL_HEADER is None:
        return False
    name, secure = settings.SECURE_PROXY_SSL_HEADER
    said = head.headers.get(name.removeprefix("HTTP_").replace("_", "-").lower().encode(), b"")
    return said.partition(b",")[0].strip() == secure.encode()


def _seal(body: bytes) -> tuple[int | None, str]:
    update_id = read_update_id(body)
    return update_id, encrypt(body.decode(), context=_CONTEXT)
