"""What stands below messages. The data of a button is what the bot is told when it is pressed.

A keyboard is made once and shared: nobody changes one.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from bots.conversation.words import PERSIAN, label
from bots.models import Poll
from common.regions import City, load_regions

CITIES_PER_PAGE = 8
LONGEST_BUTTON = 60
KINDS = ("idea", "complaint", "volunteer", "report", "question")
Keyboard = dict[str, Any]
REMOVED: Keyboard = {"remove_keyboard": True}


@lru_cache(maxsize=256)
def consent(language: str, version: str) -> Keyboard:
    """The button that agrees; it names the text that was read."""
    return _inline([[(label("agree", language), f"agree:{version}")]])


@lru_cache(maxsize=256)
def menu(language: str) -> Keyboard:
    """What a bot can be used for."""
    names = ("contribute", "polls", "city", "contact", "about")
    return _inline([[(label(name, language), f"show:{name}")] for name in names])


@lru_cache(maxsize=256)
def to_menu(language: str) -> Keyboard:
    """The way back."""
    return _inline([_back(language)])


@lru_cache(maxsize=256)
def kinds(language: str) -> Keyboard:
    """The kinds of contributions."""
    buttons = [(label(kind, language), f"contribute:{kind}") for kind in KINDS]
    return _inline([buttons[:2], buttons[2:4], buttons[4:], _back(language)])


@lru_cache(maxsize=256)
def contact(language: str) -> Keyboard:
    """The ways to the campaign."""
    asks = (label("question", language), "contribute:question")
    return _inline([[asks], [(label("phone", language), "show:phone")], _back(language)])


@lru_cache(maxsize=256)
def share_phone(language: str) -> Keyboard:
    """The key by which the messenger sends one's own number."""
    key = {"text": label("phone", language), "request_contact": True}
    return {"keyboard": [[key]], "resize_keyboard": True, "one_time_keyboard": True}


@lru_cache(maxsize=256)
def forget(language: str) -> Keyboard:
    """Yes or no."""
    return _inline([[(label("erase", language), "forget:yes")], [(label("keep", language), "forget:no")]])


def polls(language: str, found: Sequence[Poll]) -> Keyboard:
    """The polls that are open."""
    return _inline([*([(poll.question[:LONGEST_BUTTON], f"poll:{poll.pk}")] for poll in found), _back(language)])


@lru_cache(maxsize=256)
def cities(language: str, page: int) -> Keyboard:
    """A page of cities, two in a row; a page that isn't there is the first."""
    known = [city for region in load_regions() for city in region.cities]
    start = page * CITIES_PER_PAGE if 0 <= page * CITIES_PER_PAGE < len(known) else 0
    buttons = [(_name(city, language), f"city:{city.code}") for city in known[start : start + CITIES_PER_PAGE]]
    rows = [buttons[place : place + 2] for place in range(0, len(buttons), 2)]
    turns = []
    if start > 0:
        turns.append((label("previous", language), f"cities:{start // CITIES_PER_PAGE - 1}"))
    if start + CITIES_PER_PAGE < len(known):
        turns.append((label("next", language), f"cities:{start // CITIES_PER_PAGE + 1}"))
    return _inline([*rows, *([turns] if turns else []), _back(language)])


def city_named(code: str, language: str) -> str:
    """The name of a declared city in a language; empty for any other code."""
    known = (city for region in load_regions() for city in region.cities if city.code == code)
    return next((_name(city, language) for city in known), "")


def _name(city: City, language: str) -> str:
    return city.name_fa if language == PERSIAN else city.name_en


def _back(language: str) -> list[tuple[str, str]]:
    return [(label("menu", language), "show:menu")]


def _inline(rows: Sequence[Sequence[tuple[str, str]]]) -> Keyboard:
    return {"inline_keyboard": [[{"text": text, "callback_data": data} for text, data in row] for row in rows]}
