"""Adding bots and connecting them to their platform."""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Candidate, User
from audit.services import record
from bots.api.client import BotApi
from bots.models import Bot
from common.errors import DomainError
from common.validation import refuse_invalid


def create_bot(
    *,
    candidate: Candidate,
    slug: str,
    name: str,
    actor: User | None,
    platform: str = Bot.Platform.TELEGRAM,
    token: str = "",
    api_root: str = "",
) -> Bot:
    """A new bot of a candidate, with a webhook key and secret of its own.

    Raises DomainError `bot-invalid` when the slug or the token is taken or malformed.
    """
    bot = Bot(candidate=candidate, slug=slug, name=name, platform=platform, token=token, api_root=api_root)
    refuse_invalid(bot, code="bot-invalid", exclude=["token_index"])
    with transaction.atomic():
        bot.save()
        record(action="bots.bot.create", actor=actor, target=bot, details={"slug": slug, "platform": platform})
    return bot


def set_webhook(*, bot: Bot, actor: User | None, public_url: str = "") -> str:
    """Tell the platform to send this bot's updates here; returns the address told.

    Raises DomainError when this system's public address isn't known or isn't https, BotApiError when the platform
    refuses.
    """
    root = (public_url or settings.PUBLIC_URL).rstrip("/")
    if not root.startswith("https://"):
        raise DomainError(
            "no-public-url",
            _("Platforms send updates to https:// addresses only: set ELECTIONSITE_PUBLIC_URL, or use poll_bot."),
        )
    address = root + bot.webhook_path
    # Recorded first: the platform isn't told what can't be recorded, and what it refuses is rolled back.
    with transaction.atomic():
        record(action="bots.bot.set_webhook", actor=actor, target=bot, details={"root": root})
        with BotApi.of(bot) as api:
            api.set_webhook(url=address, secret_token=bot.webhook_secret)
    return address


def delete_webhook(*, bot: Bot, actor: User | None) -> None:
    """Tell the platform to keep this bot's updates for polling. Raises BotApiError when it refuses."""
    with transaction.atomic():
        record(action="bots.bot.delete_webhook", actor=actor, target=bot)
        with BotApi.of(bot) as api:
            api.delete_webhook()
