"""Adding bots and connecting them to their platform."""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Candidate, User
from audit.services import record
from bots.api.client import ANSWER_TIMEOUT_SECONDS, BotApi
from bots.care.limits import running_plan
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

    Raises DomainError `bot-invalid` when the slug or the token is taken or malformed, `plan-limit` when the candidate's
    plan allows no more bots.
    """
    refuse_beyond_bots(candidate)
    bot = Bot(candidate=candidate, slug=slug, name=name, platform=platform, token=token, api_root=api_root)
    refuse_invalid(bot, code="bot-invalid", exclude=["token_index"])
    with transaction.atomic():
        bot.save()
        record(action="bots.bot.create", actor=actor, target=bot, details={"slug": slug, "platform": platform})
    return bot


def refuse_beyond_bots(candidate: Candidate) -> None:
    """Raises DomainError `plan-limit` when the candidate's plan allows no more bots than there are."""
    plan = running_plan(candidate.pk)
    allowed = plan.entitlements.get("bots") if plan else None
    if plan is None or allowed is None or Bot.objects.filter(candidate=candidate).count() < allowed:
        return
    words = ngettext(
        "The plan %(plan)s allows %(count)d bot. A larger plan allows more.",
        "The plan %(plan)s allows %(count)d bots. A larger plan allows more.",
        allowed,
    )
    raise DomainError("plan-limit", words % {"plan": plan.name, "count": allowed})


def use_server(*, bot: Bot, api_root: str, token: str, actor: User | None) -> None:
    """Have a bot talk to another Bot API server, with the token that it has there.

    Raises DomainError `bot-invalid` when operators haven't named that server, or another bot has the token.
    """
    bot.api_root, bot.token = api_root, token
    refuse_invalid(bot, code="bot-invalid", exclude=["token_index"])
    with transaction.atomic():
        bot.save(update_fields=["api_root", "token", "token_index"])
        record(action="bots.bot.change", actor=actor, target=bot, details={"api_root": api_root})


def set_webhook(
    *, bot: Bot, actor: User | None, public_url: str = "", answer_seconds: float = ANSWER_TIMEOUT_SECONDS
) -> str:
    """Tell the platform to send this bot's updates here rather than have them fetched; returns the address told.

    Plain http is for a Bot API server of our own and an intake on this machine. Raises DomainError when this system's
    public address isn't known or isn't https, BotApiError when the platform refuses.
    """
    root = (public_url or settings.INTAKE_URL).rstrip("/")
    stays_here = bool(bot.api_root) and root.startswith("http://127.0.0.1:")
    if not root.startswith("https://") and not stays_here:
        raise DomainError(
            "no-public-url",
            _("Platforms send updates to https:// addresses only: set ELECTIONSITE_PUBLIC_URL, or have them fetched."),
        )
    address = root + bot.webhook_path
    # Recorded first: the platform isn't told what can't be recorded, and what it refuses is rolled back.
    with transaction.atomic():
        record(action="bots.bot.set_webhook", actor=actor, target=bot, details={"root": root})
        with BotApi.of(bot, answer_seconds=answer_seconds) as api:
            api.set_webhook(url=address, secret_token=bot.webhook_secret)
        _receive(bot, Bot.Way.WEBHOOK, address)
    return address


def delete_webhook(*, bot: Bot, actor: User | None, answer_seconds: float = ANSWER_TIMEOUT_SECONDS) -> None:
    """Tell the platform to keep this bot's updates, and have them fetched. Raises BotApiError when it refuses."""
    with transaction.atomic():
        record(action="bots.bot.delete_webhook", actor=actor, target=bot)
        with BotApi.of(bot, answer_seconds=answer_seconds) as api:
            api.delete_webhook()
        _receive(bot, Bot.Way.POLLING, "")


def _receive(bot: Bot, way: str, webhook_url: str) -> None:
    bot.receives_by, bot.webhook_url = way, webhook_url
    bot.save(update_fields=["receives_by", "webhook_url"])
