"""Placeholders in texts, and how long a text may be."""

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

from bots.conversation.words import COMMON_PLACEHOLDERS, OWN_PLACEHOLDERS, PLACEHOLDER_LENGTHS
from common.errors import DomainError

LONGEST_MESSAGE = 4096  # UTF-16 units: https://core.telegram.org/bots/api#sendmessage
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def utf16_length(text: str) -> int:
    """The length of a text as the messengers count it: an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, units: int = LONGEST_MESSAGE) -> str:
    """A text of at most so many UTF-16 units, whose last character is whole."""
    return text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "ignore")


def placeholders_of(key: str) -> frozenset[str]:
    """What may stand in braces in the text of a place."""
    return COMMON_PLACEHOLDERS | OWN_PLACEHOLDERS.get(key, frozenset())


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text with its placeholders filled in; what isn't one stays as it is. Values are text and nothing more."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def refuse_text(key: str, text: str) -> None:
    """Raises DomainError `text-empty`, `text-unknown-placeholder` or `text-too-long` for what can't be sent."""
    if not text.strip():
        raise DomainError("text-empty", _("Write a text."))
    known = placeholders_of(key)
    unknown = [name for name in _PLACEHOLDER.findall(text) if name not in known]
    if unknown:
        words = _("Nothing is known to put in for {%(name)s}. Here you can use: %(known)s.")
        names = ", ".join(f"{{{name}}}" for name in sorted(known))
        raise DomainError("text-unknown-placeholder", words % {"name": unknown[0], "known": names})
    longest = utf16_length(fill(text, {name: "x" * length for name, length in PLACEHOLDER_LENGTHS.items()}))
    if longest > LONGEST_MESSAGE:
        words = _("This text can become %(length)d characters long; a message has at most %(most)d.")
        raise DomainError("text-too-long", words % {"length": longest, "most": LONGEST_MESSAGE})
