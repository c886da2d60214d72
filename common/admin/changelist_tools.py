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
    permissions: tuple[str, ...]
    icon_class: str
    query: str


_tools: dict[type[Model], list[ChangelistTool]] = {}


def register_changelist_tool(
    model: type[Model],
    *,
    label: Any,
    url_name: str,
    permission: str | tuple[str, ...],
    icon_class: str = "",
    query: str = "",
) -> None:
    """Show a button on the list of `model` to staff who have `permission`, of several all.

    It leads to `url_name` with `query`, or else the list's own query string, so that the target can honour its filters.
    """
    permissions = (permission,) if isinstance(permission, str) else permission
    tool = ChangelistTool(label, url_name, permissions, icon_class, query)
    tools = _tools.setdefault(model, [])
    if tool not in tools:
        tools.append(tool)


def changelist_tools(model: type[Model], request: HttpRequest) -> list[dict[str, str]]:
    """What the list's template shows: label, address and icon class of each button for this reader."""
    return [
        {
            "label": str(tool.label),
            "url": _address(tool, tool.query or request.GET.urlencode()),
            "icon_class": tool.icon_class,
        }
        for tool in _tools.get(model, [])
        if request.user.has_perms(tool.permissions)
    ]


def _address(tool: ChangelistTool, query: str) -> str:
    address = reverse(tool.url_name)
    return f"{address}?{query}" if query else address
