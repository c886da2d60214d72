"""Text that people copy or compare letter by letter."""

from typing import Final

from django.utils.html import format_html

NOTHING: Final = "–"


def latin(value: object) -> str:
    """`value` as markup that reads left to right with Latin digits; for identifiers, phones, slugs.

    The admin's sign for "nothing" for None and an empty string: on forms Django doesn't put it there for methods.
    """
    if value is None or value == "":
        return NOTHING
    return format_html('<bdi class="latin" dir="ltr">{}</bdi>', str(value))
