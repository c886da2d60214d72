from typing import Any

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit.selectors import LogCondition, log_state
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
    return _answer(judge(results), dict(results))


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """The node's state at a glance. `redis` is the cache and the queue together.

    `audit` says whether the audit log is written and sealed: with beat and worker gone nobody here could raise an
    alarm, so whoever watches from outside looks at this.
    """
    results = run_probes()
    redis = next((results[name] for name in ("redis", "queue") if results[name] is not ProbeResult.CONNECTED), None)
    status = judge(results)
    audit = _audit_condition() if status != "unhealthy" else "unknown"
    if status == "healthy" and audit != LogCondition.SEALED:
        status = "degraded"
    content = {**node_load(), "db": results["db"], "redis": redis or ProbeResult.CONNECTED, "audit": audit}
    return _answer(status, content)


def _audit_condition() -> str:
    try:
        return log_state().condition
    except (DatabaseError, InterfaceError):
        return "unknown"


def _answer(status: str, content: dict[str, Any]) -> JsonResponse:
    return JsonResponse({"status": status, **content}, status=503 if status == "unhealthy" else 200)
