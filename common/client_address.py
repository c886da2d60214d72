"""The one place that says where a request came from."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The client's IP address, or an empty string where there is none (a Unix socket).

    Behind N trusted proxies (`ELECTIONSITE_TRUSTED_PROXY_COUNT`) it is the N-th `X-Forwarded-For` entry from the
    right: each proxy of ours appends whom it saw, and what stands further left anybody may have written. Fewer
    entries than proxies, or one that isn't an address, mean that the request didn't pass through our proxies:
    the connection's own address is told then.
    """
    connected_from = request.META.get("REMOTE_ADDR", "")
    proxy_count: int = settings.TRUSTED_PROXY_COUNT
    if proxy_count == 0:
        return str(connected_from)
    entries = [entry.strip() for entry in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    if len(entries) < proxy_count:
        return str(connected_from)
    try:
        return str(ipaddress.ip_address(entries[-proxy_count]))
    except ValueError:
        return str(connected_from)
