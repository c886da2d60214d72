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
        return _unmapped(connected_from)
    entries = [entry.strip() for entry in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    if len(entries) < proxy_count:
        return _unmapped(connected_from)
    try:
        ipaddress.ip_address(entries[-proxy_count])
    except ValueError:
        return _unmapped(connected_from)
    return _unmapped(entries[-proxy_count])


def _unmapped(address: str) -> str:
    """`address` in its usual spelling; an IPv4 one that came over IPv6 (`::ffff:192.0.2.1`, RFC 4291) as IPv4."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def client_network(address: str) -> str:
    """What one client can't easily change: its IPv4 address, or the /64 that a subscriber is given (RFC 6177).

    Empty where `address` isn't one.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    prefix_bits = 64 if parsed.version == 6 else 32
    return str(ipaddress.ip_network((parsed, prefix_bits), strict=False))
