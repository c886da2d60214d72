"""What staff's programs ask about plans. Refusals carry `code` and `detail`, in the reader's language."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.admin_scope import staff_user
from accounts.models import Candidate
from accounts.selectors import candidates_visible_to
from common.errors import DomainError
from common.text import clean_text
from plans.availability import Availability, judge_availability
from plans.models import Plan
from plans.selectors import availability_of, get_available_plans

Endpoint = Callable[..., dict[str, Any]]


def _endpoint(view: Endpoint) -> Callable[..., HttpResponse]:
    """A JSON address for staff who may look at plans: 403 for others, 404 for what they can't find."""

    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, **arguments: str) -> HttpResponse:
        if not staff_user(request).has_perm("plans.view_plan"):
            return _refuse("not-allowed", _("You may not look at plans."), status=403)
        try:
            return JsonResponse(view(request, **arguments))
        except DomainError as error:
            return _refuse(error.code, str(error), status=404)

    return answer


@_endpoint
def available(request: HttpRequest) -> dict[str, Any]:
    """The plans that anybody, or the candidate whose code is `?candidate=`, can buy now, whatever their stage."""
    candidate = _asked_candidate(request)
    is_tester = candidate is not None  # of each plan here that isn't on sale to everybody
    plans = [
        {**_describe_plan(plan), **_describe(judge_availability(plan, is_tester=is_tester))}
        for plan in get_available_plans(candidate=candidate)
    ]
    return {"candidate": candidate and candidate.code, "plans": plans}


@_endpoint
def check_availability(request: HttpRequest, *, plan_id: str) -> dict[str, Any]:
    """Whether anybody, or the candidate whose code is `?candidate=`, can buy this plan now, and why or why not."""
    plan = Plan.objects.filter(pk=int(plan_id)).first()
    if plan is None:
        raise DomainError("plan-not-found", _("There is no such plan."))
    candidate = _asked_candidate(request)
    found = availability_of(plan, candidate)
    return {"candidate": candidate and candidate.code, **_describe_plan(plan), **_describe(found)}


def _asked_candidate(request: HttpRequest) -> Candidate | None:
    code = request.GET.get("candidate", "")
    if not code:
        return None
    candidate = candidates_visible_to(staff_user(request)).filter(code=clean_text(code)).first()
    if candidate is None:
        raise DomainError("candidate-not-found", _("There is no such candidate."))
    return candidate


def _describe_plan(plan: Plan) -> dict[str, Any]:
    return {
        "id": plan.pk,
        "code": plan.code,
        "name": plan.name,
        "stage": plan.stage,
        "price_rials": plan.price_rials,
        "entitlements": plan.entitlements,
    }


def _describe(availability: Availability) -> dict[str, Any]:
    return {
        "is_available": availability.is_available,
        "reason_code": availability.code,
        "message": availability.message,
        "scheduled_for": availability.scheduled_for,
    }


def _refuse(code: str, detail: str, *, status: int) -> HttpResponse:
    return JsonResponse({"code": code, "detail": detail}, status=status)
