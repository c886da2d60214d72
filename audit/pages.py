"""What people read when an act wasn't done because it couldn't be recorded."""

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import defaults

from audit.services import AuditUnavailable

RETRY_AFTER_SECONDS = 60


def unavailable(request: HttpRequest) -> HttpResponse:
    """503 with words, and when to try again."""
    response = render(request, "audit/unavailable.html", status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`: middleware's errors come here without passing `process_exception`."""
    if isinstance(sys.exc_info()[1], AuditUnavailable):
        return unavailable(request)
    return defaults.server_error(request)
