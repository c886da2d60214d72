"""The base of our commands."""

import os
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import translation


class OperatorCommand(BaseCommand):
    """A command that speaks the language of the terminal: Persian where its locale is, English elsewhere.

    Not the site's language: most terminals can't lay out Persian, and an operator at night has to read what failed.
    """

    def execute(self, *args: Any, **options: Any) -> Any:
        with translation.override(terminal_language()):
            return super().execute(*args, **options)


def terminal_language() -> str:
    """`fa` or `en`, by the first of LC_ALL, LC_MESSAGES and LANG that is set (POSIX.1-2017, section 8.2)."""
    chosen = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "fa" if chosen.lower().startswith("fa") else "en"
