"""Buttons on the page of one object that a layer above hangs there, such as "Sell a plan" on a candidate's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest


@dataclass(frozen=True)
class ObjectTool:
    label: Any
    address_of: Callable[[Any], str | None]
    permission: str


_tools: dict[type[Model], list[ObjectTool]] = {}


def register_object_tool(
    model: type[Model], *, label: Any, address_of: Callable[[Any], str | None], permission: str
) -> None:
    """Show a button on the page of each object of `model` to staff who have `permission`.

    It leads to `address_of(object)`; an object for which that is None has no such button.
    """
    _tools.setdefault(model, []).append(ObjectTool(label, address_of, permission))


def object_tools(obj: Model, request: HttpRequest) -> list[dict[str, str]]:
    """What the page's template shows: label and address of each button for this reader."""
    tools = [tool for tool in _tools.get(type(obj), []) if request.user.has_perm(tool.permission)]
    found = [(tool.label, tool.address_of(obj)) for tool in tools]
    return [{"label": str(label), "url": url} for label, url in found if url]
