"""Persian is complete: each marked string is translated, none is fuzzy, no placeholder was lost."""

import re
from typing import Any

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from common.environment import PROJECT_DIR
from electionsite.tests.marked_strings import key_of, marked_strings

CATALOG_FILE = PROJECT_DIR / "locale" / "fa" / "LC_MESSAGES" / "django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sdf]|%[sdfr]|\{\w*\}")


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    with CATALOG_FILE.open("rb") as file:
        return [message for message in read_po(file) if message.id]


def as_list(texts: Any) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


def listed(heading: str, lines: list[str]) -> str:
    return "\n".join([f"{heading} ({len(lines)}):", *lines])


def test_every_marked_string_stands_in_the_persian_catalog(messages):
    known = {key_of(message.id, message.context) for message in messages}
    missing = [
        f"{key[1]!r}{f' (context {key[0]!r})' if key[0] else ''}    {place}"
        for key, place in marked_strings().items()
        if key not in known
    ]
    assert not missing, listed("Missing from locale/fa", missing)


def test_no_translation_is_empty_or_fuzzy(messages):
    unfinished = [
        repr(key_of(message.id)[1]) for message in messages if message.fuzzy or not all(as_list(message.string))
    ]
    assert not unfinished, listed("Empty or fuzzy", unfinished)


def test_translations_keep_their_placeholders(messages):
    broken = [repr(key_of(message.id)[1]) for message in messages if not _keeps_placeholders(message)]
    assert not broken, listed("Placeholders differ", broken)


def _keeps_placeholders(message: Message) -> bool:
    allowed = [placeholders(text) for text in as_list(message.id)]
    return all(placeholders(text) in allowed for text in as_list(message.string) if text)


def test_catalog_declares_persian_plural_forms(messages):
    with CATALOG_FILE.open("rb") as file:
        assert read_po(file).num_plurals == 2


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('from x import gettext as _\n_("Hello")', "Hello"),
        ('gettext_lazy("Two " "parts")', "Two parts"),
        ('ngettext_lazy("%d row", "%d rows", 3)', "%d row"),
    ],
)
def test_extraction_finds_what_python_marks(source, expected):
    from electionsite.tests.marked_strings import _keys_in

    assert [key for _line, key in _keys_in(source)] == [(None, expected)]


def test_extraction_finds_what_templates_mark(tmp_path):
    from electionsite.tests.marked_strings import _as_python, _keys_in

    template = """<ul>
        {% translate "First" %} <b title="{% translate 'Second' %}">it's</b>
          {% blocktranslate count n=rows %}One {{ n }}{% plural %}Many {{ n }}{% endblocktranslate %}
      {{ title|default:_("Third") }}
    """
    found = {key[1] for _line, key in _keys_in(_as_python(template, tmp_path))}
    assert found == {"First", "Second", "Third", "One %(n)s"}
