"""What anybody can buy now, ready to be sent: the page in each language and the document for programs.

Each process keeps what it made last and serves it for `FRESH_SECONDS` without asking anybody. Then one request asks
PostgreSQL for the few rows on sale, by one query, and makes the documents anew only where the rows differ. So every
change shows within that time, whoever made it: a service, the admin, a command, or a hand in the database. Nothing has
to be told of it, hence nothing can forget to tell; a key in Redis that is deleted after a change can be written back by
who had read the rows before it.

Redis holds the last known rows for processes that start, or fall behind, while PostgreSQL is away; rows rather than
pages, since another release of this program would show them otherwise. It is never asked while PostgreSQL answers.
What is served without PostgreSQL's word is marked: `is_stale`, and `read_at` says since when.
"""

import datetime as dt
import hashlib
import json
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import Error
from django.template.loader import render_to_string
from django.utils import timezone, translation

from common.sanitize import LONGEST_TEXT, sanitize_input
from plans.entitlements import describe_entitlements
from plans.selectors import get_available_plans

logger = logging.getLogger(__name__)

FRESH_SECONDS = 0.4
PATIENCE_SECONDS = 0.3  # with which requests wait for the one that asks; both together stay below a second
FIRST_PATIENCE_SECONDS = 10.0  # while there is nothing to serve meanwhile
RETRY_SECONDS = 1.0  # after PostgreSQL failed to answer
SHARE_SECONDS = 10.0  # how far the copy in Redis may fall behind
SHARED_KEY = "plans:on-sale:1"  # another number for rows of another form
JSON = "json"

Row = dict[str, Any]


class ListUnavailable(Exception):
    """PostgreSQL is away, and neither this process nor Redis has ever known what is on sale."""


@dataclass(frozen=True)
class Document:
    """The body of an answer, and the strong entity tag that stands for exactly these bytes."""

    content: bytes
    etag: str


@dataclass(frozen=True)
class PublicList:
    """What is on sale, as PostgreSQL had it at `read_at`; a document per language, and one under `JSON`."""

    rows: list[Row]
    documents: Mapping[str, Document]
    read_at: dt.datetime
    is_stale: bool = False


def read_rows() -> list[Row]:
    """What is on sale now, by one query. Raises django.db.Error while the database is away."""
    return [
        {
            "code": plan.code,
            "name_fa": plan.name_fa,
            "name_en": plan.name_en,
            "price_rials": plan.price_rials,
            "entitlements": plan.entitlements,
            "release_notes": plan.release_notes,
        }
        for plan in get_available_plans()
    ]


def make_documents(rows: list[Row]) -> dict[str, Document]:
    """The answers that show `rows`: the same rows give the same bytes in every process."""
    shown = [{**row, "notes": sanitize_input(row["release_notes"][:LONGEST_TEXT])} for row in rows]
    documents = {language: _make_page(shown, language) for language, _name in settings.LANGUAGES}
    return {**documents, JSON: _make_json(shown)}


def _make_page(shown: list[Row], language: str) -> Document:
    with translation.override(language):
        plans = [
            {
                **row,
                "name": row[f"name_{language}"],
                "allows": describe_entitlements(row["entitlements"]),
            }
            for row in shown
        ]
        return _document(render_to_string("plans/public_list.html", {"plans": plans}))


def _make_json(shown: list[Row]) -> Document:
    plans = [
        {
            "code": row["code"],
            "name": {"fa": row["name_fa"], "en": row["name_en"]},
            "price_rials": row["price_rials"],
            "entitlements": row["entitlements"],
            "release_notes_html": row["notes"],
        }
        for row in shown
    ]
    return _document(json.dumps({"plans": plans}, ensure_ascii=False))


def _document(text: str) -> Document:
    content = text.encode()
    return Document(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


class ListKeeper:
    """The list that this process keeps; its threads share it, and one at a time brings it up to date."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Start as a new process does."""
        self._kept: PublicList | None = None
        self._ask_again_at = self._share_again_at = 0.0

    def current(self) -> PublicList:
        """What is on sale now, or with `is_stale` what was. Raises ListUnavailable."""
        if time.monotonic() < self._ask_again_at:
            return self._kept_or_refuse()
        if not self._asking.acquire(timeout=PATIENCE_SECONDS if self._kept else FIRST_PATIENCE_SECONDS):
            return replace(self._kept_or_refuse(), is_stale=True)
        try:
            if time.monotonic() >= self._ask_again_at:  # else another thread has asked while this one waited
                self._ask()
        finally:
            self._asking.release()
        kept = self._kept_or_refuse()
        self._share(kept)
        return kept

    def _kept_or_refuse(self) -> PublicList:
        if self._kept is None:
            raise ListUnavailable
        return self._kept

    def _ask(self) -> None:
        asked_at, now, kept = time.monotonic(), timezone.now(), self._kept
        try:
            rows = read_rows()
        except Error as error:
            self._kept = self._last_known(kept)
            self._ask_again_at = time.monotonic() + RETRY_SECONDS
            if kept is None or not kept.is_stale:
                logger.warning("PostgreSQL does not answer; serving the last known plans: %s", type(error).__name__)
            return
        documents = kept.documents if kept and kept.rows == rows else make_documents(rows)
        self._kept = PublicList(rows, documents, read_at=now)
        self._ask_again_at = asked_at + FRESH_SECONDS  # from before the query: a slow one must not lengthen it

    def _last_known(self, kept: PublicList | None) -> PublicList | None:
        """The newer of what this process and Redis know."""
        shared = cache.get(SHARED_KEY)
        if shared and (kept is None or kept.read_at < shared["read_at"]):
            return PublicList(shared["rows"], make_documents(shared["rows"]), shared["read_at"], is_stale=True)
        return replace(kept, is_stale=True) if kept else None

    def _share(self, kept: PublicList) -> None:
        if not kept.is_stale and time.monotonic() >= self._share_again_at:
            self._share_again_at = time.monotonic() + SHARE_SECONDS
            cache.set(SHARED_KEY, {"rows": kept.rows, "read_at": kept.read_at}, timeout=None)


keeper = ListKeeper()
