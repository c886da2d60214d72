"""The one family of errors whose words may reach people."""

from typing import Any


class DomainError(Exception):
    """Something a person asked for can't be done, and they may read why.

    `code` is stable, for programs; `message` is translated, for people; `extra` holds what both may need.
    Everything that isn't a `DomainError` is a defect: it is logged and answered in general words.
    """

    def __init__(self, code: str, message: Any, **extra: Any) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.extra = extra

    def __str__(self) -> str:
        return str(self.message)
