"""Buttons on a model's list that a layer above hangs there, such as "Export" on the bot users."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True)
class ChangelistTool:
    label: Any
    url_name: str
    permission: str
    icon_class: str


_tools: dict[type[Model], list[ChangelistTool]] = {}


def register_changelist_tool(
    model: type[Model], *, label: Any, url_name: str, permission: str, icon_class: str = ""
) -> None:
    """Show a button on the list of `model` to staff who have `permission`.

    It leads to `url_name` with the list's own query string, so that the target can honour its filters.
    """
    tool = ChangelistTool(label=label, url_name=url_name, permission=permission, icon_class=icon_class)
    tools = _tools.setdefault(model, [])
    if tool not in tools:
        tools.append(tool)


def changelist_tools(model: type[Model], request: HttpRequest) -> list[dict[str, str]]:
    """What the list's template shows: label, address and icon class of each button for this reader."""
    query = request.GET.urlencode()
    return [
        {
            "label": str(tool.label),
            "url": f"{reverse(tool.url_name)}?{query}" if query else reverse(tool.url_name),
            "icon_class": tool.icon_class,
        }
        for tool in _tools.get(model, [])
        if request.user.has_perm(tool.permission)
    ]
