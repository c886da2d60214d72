from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from scaling.health import ProbeResult, judge, node_load, run_probes


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Whether this process answers at all. Asks nothing else: a restart wouldn't bring a database back."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Whether requests may be sent here: 503 without the database; without Redis ready, but degraded."""
    results = run_probes()
    return _answer(results, dict(results))


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """The node's state at a glance. `redis` is the cache and the queue together."""
    results = run_probes()
    redis = next((results[name] for name in ("redis", "queue") if results[name] is not ProbeResult.CONNECTED), None)
    return _answer(results, {**node_load(), "db": results["db"], "redis": redis or ProbeResult.CONNECTED})


def _answer(results: dict[str, ProbeResult], content: dict[str, Any]) -> JsonResponse:
    status = judge(results)
    return JsonResponse({"status": status, **content}, status=503 if status == "unhealthy" else 200)
