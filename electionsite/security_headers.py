"""What each response tells the browser to forbid itself, beyond what Django's and django-csp's middleware say."""

from collections.abc import Callable

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

# Of all that a browser can do, staff need passkeys and the button that copies backup codes.
ALLOWED_FEATURES = ("clipboard-write", "publickey-credentials-create", "publickey-credentials-get")
FORBIDDEN_FEATURES = (
    "accelerometer", "autoplay", "bluetooth", "browsing-topics", "camera", "clipboard-read", "display-capture",
    "encrypted-media", "fullscreen", "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts",
    "magnetometer", "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock", "serial",
    "storage-access", "usb", "web-share", "window-management", "xr-spatial-tracking",
)  # fmt: skip
HEADERS = {
    "Permissions-Policy": ", ".join(
        [f"{name}=(self)" for name in ALLOWED_FEATURES] + [f"{name}=()" for name in FORBIDDEN_FEATURES]
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "X-Permitted-Cross-Domain-Policies": "none",
    "Reporting-Endpoints": 'csp="/csp-report"',
}


class SecurityHeadersMiddleware:
    """Adds `HEADERS` to every response, and keeps what signed-in staff see out of every cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if is_for_signed_in_staff(request):
            patch_cache_control(response, no_store=True, private=True)
        return response


def is_for_signed_in_staff(request: HttpRequest) -> bool:
    """Whether the answer to `request`, which must have been made, depended on somebody being signed in."""
    # Only a session that the answer looked at can have shaped it; loading another would cost a query.
    session = getattr(request, "session", None)
    return session is not None and session.accessed and SESSION_KEY in session
