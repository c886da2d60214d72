"""Finds every string that the code marks for translation, as `makemessages` does, but without gettext's programs."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.extract import extract
from django.utils.translation.template import templatize

from common.environment import PROJECT_DIR

PACKAGES = ("electionsite", "exports", "scaling", "bots", "plans", "accounts", "audit", "common")
Key = tuple[str | None, str]  # context and singular
KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}


def marked_strings() -> dict[Key, str]:
    """Each marked string with a place where it stands."""
    found: dict[Key, str] = {}
    for path in _sources():
        text = path.read_text(encoding="utf-8")
        python = _as_python(text, path) if path.suffix != ".py" else text
        for line, key in _keys_in(python):
            found.setdefault(key, f"{path.relative_to(PROJECT_DIR)}:{line}")
    return found


def key_of(message_id: Any, context: str | None = None) -> Key:
    """How a message is known: by its context and its singular."""
    return context or None, message_id if isinstance(message_id, str) else message_id[0]


def _sources() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((PROJECT_DIR / package).rglob("*")):
            folders = set(path.relative_to(PROJECT_DIR).parts[:-1])
            if path.suffix in {".py", ".html", ".txt"} and not folders & {"tests", "static", "migrations"}:
                yield path


def _as_python(template: str, path: Path) -> str:
    # Templatizing leaves the indentation of the markup, which Python's tokenizer would stumble over.
    lines = templatize(template, origin=str(path)).splitlines()
    return "\n".join(line.strip() for line in lines)


def _keys_in(python: str) -> Iterator[tuple[int, Key]]:
    source = io.BytesIO(python.encode())
    for line, message_id, _comments, context in extract("python", source, keywords=KEYWORDS):
        singular = message_id if isinstance(message_id, str) else message_id[0]
        if singular:
            yield line, key_of(message_id, context)
