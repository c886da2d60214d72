"""Limits of requests in a minute, counted by django-ratelimit in the cache.

While Redis answers, all servers count together; while it doesn't, each process counts in its own memory
(`common.cache.FallbackRedisCache`). Minutes are fixed windows, which the library begins at another second for each
counter; so somebody may send twice the limit within moments, at the end of one window and the start of the next.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django_ratelimit.core import get_usage

from common.client_address import client_address, client_network

WINDOW_SECONDS = 60
ATTEMPTS = 3


@dataclass(frozen=True)
class Usage:
    """How often a counter's owner came in this window, how often they may, and when the next window begins."""

    count: int
    limit: int
    seconds_left: int

    @property
    def is_exceeded(self) -> bool:
        return self.count > self.limit

    @property
    def is_first_refusal(self) -> bool:
        return self.count == self.limit + 1


def by_address(request: HttpRequest) -> str:
    """One counter for each IPv4 address and each IPv6 /64."""
    return f"address {client_network(client_address(request))}"


def by_person(request: HttpRequest) -> str:
    """One counter for each signed-in person, so that an office behind one address doesn't share it."""
    return f"person {request.user.pk}" if request.user.is_authenticated else by_address(request)


@dataclass(frozen=True)
class RateLimit:
    """A limit for requests to `paths` by `methods` (None: by all).

    How many a minute, `settings.RATE_LIMITS_PER_MINUTE` says under `name`. Responses that `gives_back` accepts make
    their requests not count; that needs a counter that the response doesn't change.
    """

    name: str
    paths: re.Pattern[str]
    methods: frozenset[str] | None = None
    counted_by: Callable[[HttpRequest], str] = by_person
    gives_back: Callable[[HttpResponse], bool] | None = None

    def covers(self, request: HttpRequest) -> bool:
        """Whether this is a limit for `request`."""
        return (self.methods is None or request.method in self.methods) and bool(self.paths.match(request.path_info))

    def count(self, request: HttpRequest) -> Usage | None:
        """Count `request` and tell where that leads; None where limits are switched off."""
        usage = self._usage(request, self.name, increment=True)
        if usage is None or not usage.is_exceeded or self.gives_back is None:
            return usage
        given_back = self._usage(request, self._given_back, increment=False)
        return Usage(usage.count, usage.limit + (given_back.count if given_back else 0), usage.seconds_left)

    def settle(self, request: HttpRequest, response: HttpResponse) -> None:
        """Give `request` back to its counter if the response to it is of the kind that doesn't count."""
        if self.gives_back is not None and self.gives_back(response):
            self._usage(request, self._given_back, increment=True)

    @property
    def _given_back(self) -> str:
        return f"{self.name}, given back"

    def _usage(self, request: HttpRequest, group: str, *, increment: bool) -> Usage | None:
        limit = settings.RATE_LIMITS_PER_MINUTE[self.name]
        counter = self.counted_by(request)
        for _attempt in range(ATTEMPTS):
            found = get_usage(
                request,
                group=group,
                key=lambda _group, _request: counter,
                rate=(limit, WINDOW_SECONDS),
                increment=increment,
            )
            if found is None:
                return None
            if found["limit"]:
                # The library's windows include their last second, so it tells one second too few.
                return Usage(found["count"], limit, max(1, found["time_left"] + 1))
            # Redis went away, or came back, between the library's two steps: where it counts now, it counts anew.
        return Usage(limit + 1, limit, seconds_left=1)
