"""The pages on which staff sell a plan to a candidate and end what was sold."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.admin_scope import staff_user
from accounts.models import Candidate
from accounts.selectors import limit_to_scopes
from common.errors import DomainError
from plans.models import Subscription
from plans.quotes import Quote, quote_subscription, running_subscription
from plans.release_forms import ReasonForm
from plans.services import end_subscription, subscribe
from plans.services.subscriptions import END_PERMISSION, SELL_PERMISSION
from plans.subscription_forms import BuyerForm, SellForm

FORM_METHODS = ["GET", "HEAD", "POST"]


@require_http_methods(FORM_METHODS)
def sell_page(request: HttpRequest) -> HttpResponse:
    """Ask for whom, then which plan; a POST tells the price, and a POST with that price sells it."""
    user = staff_user(request)
    if not user.has_perm(SELL_PERMISSION):
        raise PermissionDenied
    buyer = BuyerForm(request.GET if "candidate" in request.GET else None, seller=user)
    if not buyer.is_valid():
        return _page(request, "sell", _("Sell a plan"), buyer=buyer, media=buyer.media)
    candidate: Candidate = buyer.cleaned_data["candidate"]
    form = SellForm(request.POST if request.method == "POST" else None, candidate=candidate)
    quote = None
    if form.is_valid():
        try:
            if "sell" in request.POST and form.cleaned_data["agreed_price_rials"] is not None:
                return _sell(request, form, candidate)
            quote = _quote(form, candidate)
        except DomainError as error:
            form.add_error("campaign_code" if error.code.startswith("campaign-") else None, str(error))
    running = running_subscription(candidate)
    return _page(request, "sell", _("Sell a plan"), candidate=candidate, form=form, quote=quote, running=running)


@require_http_methods(FORM_METHODS)
def end_page(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Ask why a subscription ends; a POST ends it."""
    user = staff_user(request)
    if not user.has_perm(END_PERMISSION):
        raise PermissionDenied
    visible = limit_to_scopes(Subscription.objects.select_related("plan", "candidate"), user, candidate="candidate")
    subscription = get_object_or_404(visible, pk=subscription_id)
    form = ReasonForm(request.POST if request.method == "POST" else None, is_needed=True)
    if form.is_valid():
        try:
            end_subscription(subscription_id=subscription.pk, reason=form.cleaned_data["reason"], actor=user)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            words = _("%(candidate)s doesn't have the plan %(plan)s any more.")
            names = {"candidate": subscription.candidate.name, "plan": subscription.plan.name}
            messages.success(request, words % names)
            return redirect("admin:plans_subscription_change", subscription.pk)
    return _page(request, "end_subscription", _("End a subscription"), subscription=subscription, form=form)


def _sell(request: HttpRequest, form: SellForm, candidate: Candidate) -> HttpResponse:
    sold = subscribe(
        candidate=candidate,
        plan_code=form.cleaned_data["plan"].code,
        campaign_code=form.cleaned_data["campaign_code"],
        agreed_price_rials=form.cleaned_data["agreed_price_rials"],
        actor=staff_user(request),
    )
    words = _("%(candidate)s has the plan %(plan)s now.") % {"candidate": candidate.name, "plan": sold.plan.name}
    messages.success(request, words)
    return redirect("admin:plans_subscription_change", sold.pk)


def _quote(form: SellForm, candidate: Candidate) -> Quote:
    return quote_subscription(
        candidate=candidate,
        plan_code=form.cleaned_data["plan"].code,
        campaign_code=form.cleaned_data["campaign_code"],
    )


def _page(request: HttpRequest, name: str, title: str, **context: Any) -> HttpResponse:
    shared = {**admin.site.each_context(request), "title": title, "opts": Subscription._meta}
    return TemplateResponse(request, f"plans/{name}.html", {**shared, **context})
