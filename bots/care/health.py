"""What is wrong with a bot, from what its platform told."""

import datetime as dt
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus

from constance import config

from bots.api.client import BotApi, WebhookInfo
from bots.models import Bot, BotHealth
from common.errors import DomainError

Trouble = BotHealth.Trouble
ASKED_AT_ONCE = 50
WATCH_SECONDS = 10.0
# An unknown token is answered 401, one that can't be a token 404.
REFUSED_TOKEN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND)


@dataclass(frozen=True)
class Thresholds:
    """From when on something counts as trouble."""

    waiting: int
    error_life: dt.timedelta
    silence: dt.timedelta

    @classmethod
    def from_settings(cls) -> "Thresholds":
        """As the system settings say."""
        return cls(
            waiting=config.BOT_WAITING_ALARM,
            error_life=dt.timedelta(minutes=config.BOT_ERROR_MINUTES),
            silence=dt.timedelta(minutes=config.BOT_SILENCE_MINUTES),
        )


@dataclass(frozen=True)
class Look:
    """What a platform told about a bot: how it sends the updates and who the bot is, or why it told nothing."""

    info: WebhookInfo | None = None
    username: str | None = None
    error: DomainError | None = field(default=None, compare=False)

    @property
    def refuses_token(self) -> bool:
        """Whether the platform doesn't know the token."""
        return self.error is not None and self.error.extra.get("status") in REFUSED_TOKEN

    @property
    def why_not(self) -> str:
        """Why it told nothing, in the platform's words or a technical term; empty where it told."""
        extra = self.error.extra if self.error else {}
        status = extra.get("status")
        return str(extra.get("description") or extra.get("reason") or (f"HTTP {status}" if status else ""))


def look_at_webhook(bot: Bot, *, answer_seconds: float = WATCH_SECONDS) -> Look:
    """Ask the platform how it sends this bot's updates. Doesn't touch the database."""
    try:
        with BotApi.of(bot, answer_seconds=answer_seconds) as api:
            return Look(info=api.get_webhook_info())
    except DomainError as error:
        return Look(error=error)


def look_at_token(bot: Bot, *, answer_seconds: float = WATCH_SECONDS) -> Look:
    """Ask the platform who this bot is. Doesn't touch the database."""
    try:
        with BotApi.of(bot, answer_seconds=answer_seconds) as api:
            return Look(username=str(api.get_me().get("username", ""))[:64])
    except DomainError as error:
        return Look(error=error)


def look_at_all(bots: Iterable[Bot], look: Callable[[Bot], Look]) -> list[tuple[Bot, Look]]:
    """Ask about many bots, some at a time: platforms that are silent must not hold up the others."""
    bots = list(bots)
    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        return list(zip(bots, pool.map(look, bots), strict=True))


def judge_webhook(bot: Bot, known: BotHealth, look: Look, thresholds: Thresholds, now: dt.datetime) -> list[str]:
    """The troubles of a bot after a look at its webhook. What can't be known now stays as it was."""
    if look.refuses_token:
        return [Trouble.TOKEN]
    if look.info is None:
        is_silent = now - (known.reached_at or bot.created_at) >= thresholds.silence
        lasting = [trouble for trouble in known.troubles if trouble != Trouble.SILENCE]
        return [*lasting, Trouble.SILENCE] if is_silent else lasting
    error_at = look.info.last_error_at
    found = {
        Trouble.ADDRESS: expects_webhook_at(bot) not in (None, look.info.url),
        Trouble.DELIVERY: error_at is not None and now - error_at <= thresholds.error_life,
        Trouble.WAITING: look.info.waiting >= thresholds.waiting,
    }
    return [trouble for trouble, is_there in found.items() if is_there]


def expects_webhook_at(bot: Bot) -> str | None:
    """Where the platform should send the bot's updates: nowhere when they are fetched; None where nobody said yet."""
    if bot.receives_by == Bot.Way.POLLING:
        return ""
    return bot.webhook_url or None
