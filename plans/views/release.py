"""The release manager: plans as a staircase from draft to sold, and the pages that move them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.admin_scope import staff_user
from accounts.models import User
from common.admin.object_tools import object_tools
from common.errors import DomainError
from plans import services
from plans.models import Plan, Stage
from plans.release_forms import ReasonForm, ScheduleForm
from plans.selectors import get_plan_release_history
from plans.services.release import may_release

STAIRS = (Stage.DRAFT, Stage.BETA, Stage.SCHEDULED, Stage.AVAILABLE)
STEPS_PER_PAGE = 50


@dataclass(frozen=True)
class Act:
    """Something that a button does to a plan in one of `stages`."""

    name: str
    title: Any
    words: Any
    stages: frozenset[Stage]
    call: Callable[[Plan, User, str], Plan]
    needs_reason: bool = True
    is_grave: bool = False


UNSOLD = frozenset({Stage.DRAFT, Stage.BETA, Stage.SCHEDULED, Stage.DISABLED})
ACTS = {
    act.name: act
    for act in (
        Act(
            "enable",
            _("Put on sale now"),
            _("Everybody can buy it from now on."),
            UNSOLD,
            lambda plan, actor, reason: services.enable_plan(plan_code=plan.code, enabled_by=actor, reason=reason),
            needs_reason=False,
        ),
        Act(
            "disable",
            _("Take off sale"),
            _("Nobody can buy it from now on, testers included. Those who have it keep it."),
            frozenset({Stage.AVAILABLE}),
            lambda plan, actor, reason: services.disable_plan(plan_code=plan.code, reason=reason, actor=actor),
        ),
        Act(
            "cancel",
            _("Cancel the schedule"),
            _("It doesn't go on sale at its time."),
            frozenset({Stage.SCHEDULED}),
            lambda plan, actor, reason: services.cancel_plan_release(plan_code=plan.code, reason=reason, actor=actor),
        ),
        Act(
            "retire",
            _("Retire"),
            _("Nobody can ever buy it again. Those who have it keep it, and its history stays."),
            frozenset(Stage) - {Stage.RETIRED},
            lambda plan, actor, reason: services.retire_plan(plan_code=plan.code, reason=reason, actor=actor),
            is_grave=True,
        ),
    )
}


@require_safe
def release_manager(request: HttpRequest) -> HttpResponse:
    """All plans with their stage, what happens next and when, and the buttons that the reader may press."""
    _refuse_unless_reader(request)
    may = may_release(staff_user(request))
    plans = list(Plan.objects.exclude(stage=Stage.RETIRED))
    context = {
        "title": _("Release manager"),
        "stairs": [(stage, stage.label) for stage in STAIRS],
        "rows": [_row(plan, may) for plan in plans],
        "upcoming": sorted(
            (plan for plan in plans if plan.release_scheduled_at), key=lambda plan: plan.release_scheduled_at or 0
        ),
        "retired": Plan.objects.filter(stage=Stage.RETIRED),
    }
    return _page(request, "release_manager", context)


@require_http_methods(["GET", "HEAD", "POST"])
def act_page(request: HttpRequest, plan_id: int, name: str) -> HttpResponse:
    """Ask for a reason, then do what the button says."""
    _refuse_unless_releaser(request)
    plan, act = get_object_or_404(Plan, pk=plan_id), ACTS[name]
    form = ReasonForm(request.POST or None, is_needed=act.needs_reason)
    if form.is_valid():
        actor, reason = staff_user(request), form.cleaned_data["reason"]
        answer = _done(request, form, lambda: act.call(plan, actor, reason))
        if answer:
            return answer
    return _page(request, "act", {"title": act.title, "plan": plan, "act": act, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def schedule_page(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Ask when a plan goes on sale; conflicts are told at the form, and nothing is saved then."""
    _refuse_unless_releaser(request)
    plan = get_object_or_404(Plan, pk=plan_id)
    known = {"release_date": plan.release_scheduled_at, "notes": plan.release_notes}
    form = ScheduleForm(request.POST or None, initial=known)
    if form.is_valid():
        answer = _done(
            request,
            form,
            lambda: services.schedule_plan_release(plan_code=plan.code, actor=staff_user(request), **form.cleaned_data),
        )
        if answer:
            return answer
    others = Plan.objects.filter(stage=Stage.SCHEDULED).exclude(pk=plan.pk).order_by("release_scheduled_at")
    context = {"title": _("Schedule the release"), "plan": plan, "form": form, "others": others, "media": form.media}
    return _page(request, "schedule", context)


@require_safe
def history_page(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Every step of a plan as a story: when, what, who, why."""
    _refuse_unless_reader(request)
    plan = get_object_or_404(Plan, pk=plan_id)
    steps = Paginator(get_plan_release_history(plan.code), STEPS_PER_PAGE).get_page(request.GET.get("p"))
    context = {"title": _("History"), "plan": plan, "steps": steps, "tools": object_tools(plan, request)}
    return _page(request, "history", context)


def _row(plan: Plan, may: bool) -> dict[str, Any]:
    acts = [act for act in ACTS.values() if plan.stage in act.stages] if may else []
    return {
        "plan": plan,
        "reached": STAIRS.index(Stage(plan.stage)) if plan.stage in STAIRS else -1,
        "acts": [act for act in acts if not act.is_grave],
        "grave_acts": [act for act in acts if act.is_grave],
        "may_schedule": may and plan.stage in UNSOLD,
        "lacks_price": plan.price_rials is None,
    }


def _done(request: HttpRequest, form: Form, call: Callable[[], Plan]) -> HttpResponse | None:
    """Back to the release manager when it was done; None with the refusal at the form."""
    try:
        plan = call()
    except DomainError as error:
        form.add_error("release_date" if error.code.startswith("date-") else None, str(error))
        return None
    words = _("%(plan)s is now: %(stage)s.") % {"plan": plan.name, "stage": Stage(plan.stage).label}
    messages.success(request, words)
    return HttpResponseRedirect(reverse("plans:release-manager"))


def _page(request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
    shared = {**admin.site.each_context(request), "opts": Plan._meta}
    return TemplateResponse(request, f"plans/{name}.html", {**shared, **context})


def _refuse_unless_reader(request: HttpRequest) -> None:
    if not staff_user(request).has_perm("plans.view_plan"):
        raise PermissionDenied


def _refuse_unless_releaser(request: HttpRequest) -> None:
    if not may_release(staff_user(request)):
        raise PermissionDenied
