"""Replaying updates from a file, as if the platform sent them now."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import msgspec
from django.core.validators import slug_re
from django.db import transaction

from accounts.models import Candidate, User
from accounts.services import create_candidate
from audit.services import record
from bots.models import Bot, InboundUpdate
from bots.projection.decode import NotJson, read_update_id
from bots.services.bots import create_bot
from bots.services.inbox import store_updates
from common.regions import city_choices
from common.text import clean_text

CHUNK_LINES = 1000
LONGEST_FILE_NAME = 200
LONGEST_SLUG = 50  # of Bot.slug and Candidate.code
_raw_object = msgspec.json.Decoder(dict[str, msgspec.Raw])


class BadLine(ValueError):
    """A line that isn't an update; the text says why."""


@dataclass
class ReplayCheck:
    """What a file holds: how many updates, for which bots, and which lines are no updates."""

    lines: int = 0
    slugs: set[str] = field(default_factory=set)
    bad: list[tuple[int, str]] = field(default_factory=list)


def read_line(line: bytes, default_slug: str) -> tuple[str, bytes]:
    """The bot's slug and the update's bytes in a line: `{"bot": …, "update": {…}}`, or a bare update.

    Raises BadLine for anything else, and for a bare update when no default bot was named.
    """
    try:
        keys = _raw_object.decode(line)
    except (msgspec.MsgspecError, RecursionError):
        keys = {}
    if set(keys) == {"bot", "update"}:
        try:
            slug, body = msgspec.json.decode(keys["bot"], type=str), bytes(keys["update"])
        except msgspec.MsgspecError as error:
            raise BadLine("“bot” is not a text") from error
    else:
        slug, body = default_slug, line
    if not slug:
        raise BadLine("it names no bot; give one with --bot")
    if len(slug) > LONGEST_SLUG or not slug_re.match(slug):
        raise BadLine("“bot” is not a short name of letters, digits, - and _")
    try:
        read_update_id(body)
    except NotJson as error:
        raise BadLine(str(error)) from error
    return slug, body


def check_lines(lines: Iterable[bytes], default_slug: str) -> ReplayCheck:
    """Read a whole file without storing anything."""
    check = ReplayCheck()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            check.slugs.add(read_line(line.strip(), default_slug)[0])
            check.lines += 1
        except BadLine as error:
            check.bad.append((number, str(error)))
    return check


def unknown_slugs(slugs: set[str]) -> set[str]:
    """Those of `slugs` that no bot has."""
    return slugs - set(Bot.objects.filter(slug__in=slugs).values_list("slug", flat=True))


@transaction.atomic
def create_missing_bots(slugs: Iterable[str]) -> None:
    """A candidate and a bot, without token, for each slug; `tehran-1` is taken to stand for the city of Tehran."""
    cities = {code for code, _name in city_choices()}
    for slug in sorted(slugs):
        prefix = slug.partition("-")[0]
        candidate = Candidate.objects.filter(code=slug).first() or create_candidate(
            code=slug, name=slug, city=prefix if prefix in cities else "", actor=None
        )
        create_bot(candidate=candidate, slug=slug, name=slug, actor=None)


def replay_lines(
    lines: Iterable[bytes], default_slug: str, *, file_name: str, actor: User | None
) -> Iterator[tuple[int, int]]:
    """Store updates chunk by chunk, each committed; yields how many were new and known in each.

    Lines that are no updates are passed over. The audit log gets a row for each bot in each chunk.
    """
    bots: dict[str, Bot] = {}
    source = iter(lines)
    while chunk := list(islice(source, CHUNK_LINES)):
        by_slug: dict[str, list[bytes]] = {}
        for line in filter(None, (line.strip() for line in chunk)):
            try:
                slug, body = read_line(line, default_slug)
            except BadLine:
                continue
            by_slug.setdefault(slug, []).append(body)
        new = known = 0
        for slug, bodies in by_slug.items():
            bots[slug] = bots.get(slug) or Bot.objects.get(slug=slug)
            with transaction.atomic():
                stored = store_updates(bot=bots[slug], bodies=bodies, source=InboundUpdate.Source.REPLAY)
                details = {"file": clean_text(file_name, LONGEST_FILE_NAME), "new": stored.new, "known": stored.known}
                record(action="bots.inbound_update.replay", actor=actor, target=bots[slug], details=details)
            new, known = new + stored.new, known + stored.known
        yield new, known
