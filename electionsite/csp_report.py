"""Where browsers report what the content security policy stopped.

Anybody can send anything here, so nothing of it is believed, echoed, or written down more often than once an hour.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import validate_host
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from audit.security_events import log_security_event
from common.client_address import client_address, client_network
from common.logged_paths import logged_path
from common.sampling import admit
from common.text import clean_text

MAXIMUM_BYTES = 16 * 1024
MAXIMUM_VIOLATIONS = 10  # of one request; browsers send what gathered in a minute or so together
REQUESTS_A_MINUTE = 30
ONE_HOUR_SECONDS = 60 * 60
LONGEST_TEXT = 200

# Content type → the names of: directive, what was blocked, the page, the file that asked for it, its line.
# https://www.w3.org/TR/CSP3/#deprecated-serialize-violation and #cspviolationreportbody
NAMES = {
    "application/csp-report": ("effective-directive", "blocked-uri", "document-uri", "source-file", "line-number"),
    "application/reports+json": ("effectiveDirective", "blockedURL", "documentURL", "sourceFile", "lineNumber"),
}

Violation = dict[str, Any]


@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Take a browser's report: 204, also when it is about nothing of ours.

    415 for other content types, 413 above 16 KiB, 400 for what can't be read, 429 past 30 a minute from one network.
    Each distinct violation becomes the security event `csp.violation` at most once an hour.
    """
    if request.content_type not in NAMES:
        return HttpResponse(status=415)
    network = client_network(client_address(request))
    if admit(f"csp-report:{network}", limit=REQUESTS_A_MINUTE, window_seconds=60) is None:
        return HttpResponse(status=429, headers={"Retry-After": "60"})
    body = request.read(MAXIMUM_BYTES + 1)
    if len(body) > MAXIMUM_BYTES:
        return HttpResponse(status=413)
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return HttpResponse(status=400)
    for violation in _violations(parsed, NAMES[request.content_type]):
        _note(violation)
    return HttpResponse(status=204)


def _violations(parsed: Any, names: tuple[str, ...]) -> Iterator[Violation]:
    """The violations of our own pages, without what may be secret: the queries and fragments of addresses."""
    entries = parsed if isinstance(parsed, list) else [parsed]
    for entry in entries[:MAXIMUM_VIOLATIONS]:
        if not isinstance(entry, dict):
            continue
        report = entry.get("csp-report") or entry.get("body")
        if not isinstance(report, dict):
            continue
        directive, blocked, page, source, line = (report.get(name) for name in names)
        if not _is_ours(page) or _is_extension(blocked) or _is_extension(source):
            continue
        yield {
            "directive": clean_text(str(directive), LONGEST_TEXT),
            "blocked": _place(blocked),
            "page": _place(page),
            "source": _place(source),
            "line": line if isinstance(line, int) and abs(line) < 10**6 else None,
        }


def _note(violation: Violation) -> None:
    told_apart_by = json.dumps([violation["directive"], violation["blocked"], violation["page"]])
    key = hashlib.sha256(told_apart_by.encode()).hexdigest()
    left_out = admit(f"csp-violation:{key}", limit=1, window_seconds=ONE_HOUR_SECONDS)
    if left_out is not None:
        log_security_event("csp.violation", details={**violation, "reports_left_out": left_out})


def _is_ours(page: Any) -> bool:
    try:
        host = urlsplit(page).hostname if isinstance(page, str) else None
    except ValueError:
        return False
    return host is not None and validate_host(host, settings.ALLOWED_HOSTS)


def _is_extension(address: Any) -> bool:
    """Whether it belongs to an extension of the reader's browser, which our pages can do nothing about."""
    return isinstance(address, str) and "-extension:" in address[:32]


def _place(address: Any) -> str:
    """An address without its query and fragment, or the keyword that stands in its place (`inline`, `eval`)."""
    text = address if isinstance(address, str) else ""
    return clean_text(logged_path(text.partition("?")[0].partition("#")[0]), LONGEST_TEXT)
