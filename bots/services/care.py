"""Looking after bots: what their platforms tell is kept, what is wrong is told once, and once more when it is over.

The platforms are asked outside transactions. Alarms leave before what they tell is kept, so that a crash in between
repeats them rather than loses them.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.alarms import raise_alarm
from audit.services import record
from bots.api.client import PAGE_SECONDS
from bots.care.health import Look, Thresholds, Trouble, judge_webhook, look_at_all, look_at_token, look_at_webhook
from bots.models import Bot, BotHealth
from bots.services.bots import delete_webhook, set_webhook
from common.errors import DomainError
from common.text import clean_text

LONGEST_WORDS = 300
IS_OVER = _("This is over:")
REPAIRED, NOT_REPAIRED = _("It was put right by itself."), _("Putting it right by itself has failed.")


@dataclass(frozen=True)
class _Finding:
    """How a bot is now, how it was known to be, and the other `fields` of its health that change.

    `notes` stand in alarms.
    """

    bot: Bot
    known: BotHealth
    troubles: list[str]
    fields: dict[str, object]
    notes: tuple[object, ...] = ()

    @property
    def begun(self) -> set[str]:
        return set(self.troubles) - set(self.known.troubles)

    @property
    def over(self) -> set[str]:
        return set(self.known.troubles) - set(self.troubles)


def watch_bots() -> int:
    """See how the platforms send each bot's updates, and put right what goes elsewhere; returns how many have trouble.

    Raises an alarm for each new trouble, and one when it is over.
    """
    thresholds = Thresholds.from_settings()
    looks = look_at_all(_bots_with_token(), look_at_webhook)
    found = [_judge(bot, look, thresholds, repairs=True) for bot, look in looks if _is_as_it_was(bot)]
    _tell_and_keep(found)
    return sum(bool(finding.troubles) for finding in found)


def watch_bot(*, bot: Bot) -> BotHealth:
    """As `watch_bots`, for one bot and somebody who waits for the page: nothing is put right.

    Raises DomainError when it has no token, and when the platform doesn't tell; that is kept, too.
    """
    look = look_at_webhook(bot, answer_seconds=PAGE_SECONDS)
    if bot.token_index:
        _tell_and_keep([_judge(bot, look, Thresholds.from_settings(), repairs=False)])
    if look.error:
        raise look.error
    return BotHealth.objects.get(bot=bot)


def check_tokens() -> int:
    """Ask the platforms who each bot is; returns how many tokens are refused. A name that has changed is kept."""
    found = []
    for bot, look in look_at_all(_bots_with_token(), look_at_token):
        known = _health_of(bot)
        if look.username is None and not look.refuses_token:
            continue  # it can't be known now
        others = [trouble for trouble in known.troubles if trouble != Trouble.TOKEN]
        troubles = [Trouble.TOKEN, *others] if look.refuses_token else others
        fields = {"token_checked_at": timezone.now(), "answer": _words(look.why_not)}
        found.append(_Finding(bot, known, troubles, fields, (look.why_not,)))
        if look.username and look.username != bot.username:
            _rename(bot, look.username)
    _tell_and_keep(found)
    return sum(Trouble.TOKEN in finding.troubles for finding in found)


def note_checked_token(*, bot: Bot, at: dt.datetime | None) -> None:
    """What was known of a bot that has another token now, or is reached otherwise, holds no more. Its webhook is looked
    at within five minutes. `at` is when its token was found to be good.
    """
    anew = {field.name: field.get_default() for field in BotHealth._meta.fields if not field.primary_key}
    BotHealth.objects.update_or_create(bot=bot, defaults={**anew, "token_checked_at": at})


def _bots_with_token() -> list[Bot]:
    return list(Bot.objects.exclude(token_index="").select_related("candidate").order_by("pk"))


def _is_as_it_was(bot: Bot) -> bool:
    """Whether nobody has changed how the bot is reached, or how it receives, while its platform was asked."""
    same = {name: getattr(bot, name) for name in ("token_index", "api_root", "receives_by", "webhook_url")}
    return Bot.objects.filter(pk=bot.pk, **same).exists()


def _health_of(bot: Bot) -> BotHealth:
    return BotHealth.objects.filter(bot=bot).first() or BotHealth(bot=bot)


def _judge(bot: Bot, look: Look, thresholds: Thresholds, *, repairs: bool) -> _Finding:
    now, known = timezone.now(), _health_of(bot)
    troubles = judge_webhook(bot, known, look, thresholds, now)
    fields: dict[str, object] = {"checked_at": now, "answer": _words(look.why_not)}
    if look.info is None:
        return _Finding(bot, known, troubles, fields, (look.why_not,))
    fields |= {
        "reached_at": now,
        "waiting": look.info.waiting,
        "sends_to": _words(urlsplit(look.info.url).hostname or ""),  # no more of it: a path may hold a secret
        "last_error": _words(look.info.last_error),
        "last_error_at": look.info.last_error_at,
    }
    notes: tuple[object, ...] = (look.info.last_error,)
    if Trouble.ADDRESS in troubles and repairs and Trouble.ADDRESS not in known.troubles:
        notes = (fields["sends_to"], _put_right(bot))
    return _Finding(bot, known, troubles, fields, notes)


def _put_right(bot: Bot) -> object:
    """Try once to have the updates come here again; gives the words on what came of it."""
    told = urlsplit(bot.webhook_url)
    try:
        if bot.receives_by == Bot.Way.POLLING:
            delete_webhook(bot=bot, actor=None)
        else:
            set_webhook(bot=bot, actor=None, public_url=f"{told.scheme}://{told.netloc}")
    except DomainError:
        return NOT_REPAIRED
    return REPAIRED


def _tell_and_keep(found: Sequence[_Finding]) -> None:
    begun, over = defaultdict(list), defaultdict(list)
    for finding in found:
        for trouble in finding.begun:
            begun[trouble].append(finding)
        for trouble in finding.over:
            over[trouble].append(finding)
    for trouble, findings in sorted(begun.items()):
        _raise_alarm(f"bot-{trouble}", findings, Trouble(trouble).label)
    for trouble, findings in sorted(over.items()):
        _raise_alarm(f"bot-{trouble}-over", findings, IS_OVER, Trouble(trouble).label)
    for finding in found:
        fields = {**finding.fields, "troubles": finding.troubles}
        BotHealth.objects.update_or_create(bot=finding.bot, defaults=fields)


def _raise_alarm(code: str, findings: Sequence[_Finding], *words: object) -> None:
    """One alarm for all bots that have the same trouble. Its code names one, so that other bots' isn't held back."""
    slugs = [finding.bot.slug for finding in findings]
    others = f"+{len(slugs) - 1}" if len(slugs) > 1 else ""
    lines = [line for finding in findings for line in (f"{finding.bot.slug} ({finding.bot.candidate})", *finding.notes)]
    raise_alarm(f"{code}/{slugs[0]}{others}", *words, *filter(str, lines))


def _rename(bot: Bot, username: str) -> None:
    with transaction.atomic():
        details = {"before": {"username": bot.username}, "after": {"username": username}}
        record(action="bots.bot.change", actor=None, target=bot, details={"changed": ["username"], **details})
        Bot.objects.filter(pk=bot.pk).update(username=username)


def _words(text: str) -> str:
    return clean_text(text, LONGEST_WORDS)
