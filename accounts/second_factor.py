"""Whether a session has shown its second factor."""

from typing import Any

from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme


def is_verified(user: Any) -> bool:
    """Whether `user`, as the request's middleware loaded it, has shown a second factor in this session."""
    check = getattr(user, "is_verified", None)
    return bool(user.is_authenticated and check is not None and check())


def next_url(request: HttpRequest) -> str:
    """The page to go on to: the request's `next` where it is a page of this site, else the admin's home."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else resolve_url("admin:index")
