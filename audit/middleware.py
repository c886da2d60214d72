"""What the audit log needs of each request, and what people read when it can't be written."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from audit.origin import acting_from, make_request_id
from audit.pages import unavailable
from audit.services import AuditUnavailable

REQUEST_ID_HEADER = "X-Request-ID"
ACCEPTED_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{16,64}")


class OriginMiddleware:
    """Gives each request an id, told in `X-Request-ID`, and has what it does recorded as coming from it.

    Behind trusted proxies their id is taken over, so that one id names the request in every log.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = _request_id(request)  # type: ignore[attr-defined]
        with acting_from(request):
            response = self.get_response(request)
        response.headers[REQUEST_ID_HEADER] = request.request_id  # type: ignore[attr-defined]
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A page of its own for acts that were not done because they couldn't be recorded."""
        return unavailable(request) if isinstance(exception, AuditUnavailable) else None


def _request_id(request: HttpRequest) -> str:
    offered = request.headers.get(REQUEST_ID_HEADER, "") if settings.TRUSTED_PROXY_COUNT else ""
    return offered if ACCEPTED_REQUEST_ID.fullmatch(offered) else make_request_id()
