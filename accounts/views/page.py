"""What the pages have in common."""

from collections.abc import Callable
from typing import TypeVar

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

Page = TypeVar("Page", bound=Callable[..., HttpResponse])


def staff_page(view: Page) -> Page:
    """For signed-in staff, verified or not; nothing of it is cached, and error reports leave its codes out."""
    for wrap in (
        login_required,
        sensitive_post_parameters("code", "current_code"),
        csrf_protect,
        never_cache,
        require_http_methods(["GET", "HEAD", "POST"]),
    ):
        view = wrap(view)
    return view
