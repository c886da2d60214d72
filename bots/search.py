"""Searching by the beginnings of words, as PostgreSQL's text search does with an index."""

import re
from typing import Any

from django.contrib.postgres.search import SearchQuery

from common.jalali import latin_digits

# What parts words in names; `bots_person_words` in the database does the same.
_BETWEEN_WORDS = re.compile(r"[\s\u200c_.@-]+")
_AS_PERSIAN = str.maketrans("يك", "یک")
LONGEST_TERM, MOST_TERMS = 64, 8


class PrefixQuery(SearchQuery):
    """Words that begin as typed, compared letter by letter: nothing is parsed, stemmed or left out."""

    def __init__(self, terms: str, **kwargs: Any) -> None:
        super().__init__(terms, search_type="raw", **kwargs)
        self.function = None
        self.template = "%(expressions)s::tsquery"


def prefix_terms(typed: str) -> str:
    """`sara ah` as `'sara':* & 'ah':*`; empty where no word was typed."""
    words = [word for word in _BETWEEN_WORDS.split(typed.lower().translate(_AS_PERSIAN)) if word]
    return " & ".join(f"'{_quoted(word[:LONGEST_TERM])}':*" for word in words[:MOST_TERMS])


def number_typed(typed: str) -> str:
    """The digits of a number or a phone as people type it; empty for anything else."""
    number = latin_digits(typed.strip()).lstrip("+").replace(" ", "").replace("-", "")
    return number if number.isascii() and number.isdecimal() else ""


def _quoted(word: str) -> str:
    return word.replace("\\", "\\\\").replace("'", "''")
