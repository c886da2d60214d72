"""The pages on which staff make, switch and look through discount campaigns."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.admin_scope import staff_user
from accounts.selectors import limit_to_scopes
from common.errors import DomainError
from plans.campaign_forms import CampaignForm, ToggleForm, discount_words
from plans.discounts import campaign_state
from plans.models import DiscountCampaign
from plans.services import create_campaign, toggle_campaign
from plans.services.campaigns import ADD_PERMISSION, CHANGE_PERMISSION, may_change_campaigns

LIST = "discount-campaigns:list"
FORM_METHODS = ["GET", "HEAD", "POST"]
USES_PER_PAGE = 50


def list_campaigns(request: HttpRequest) -> HttpResponse:
    """The admin's own list, at the address that people know."""
    return admin.site.get_model_admin(DiscountCampaign).changelist_view(request)


@require_safe
def campaign_history(request: HttpRequest, campaign_id: str) -> HttpResponse:
    """A campaign's terms, and its uses that the reader may see, newest first."""
    user = staff_user(request)
    if not user.has_perms(["plans.view_discountcampaign", "plans.view_campaignuse"]):
        raise PermissionDenied
    campaign = get_object_or_404(DiscountCampaign, pk=campaign_id)
    uses = limit_to_scopes(campaign.uses.select_related("candidate", "plan"), user, candidate="candidate")
    return _page(
        request,
        "campaign_history",
        campaign.name,
        campaign=campaign,
        discount=discount_words(campaign),
        state=campaign_state(campaign, timezone.now()).label,
        uses=Paginator(uses, USES_PER_PAGE).get_page(request.GET.get("p")),
        saved=uses.aggregate(saved=Sum("saved_rials", default=0))["saved"],
        may_switch=may_change_campaigns(user, CHANGE_PERMISSION),
    )


@require_http_methods(FORM_METHODS)
def add_campaign(request: HttpRequest) -> HttpResponse:
    """Ask for the terms of a new campaign; a POST makes it, or says what is wrong with which field."""
    user = staff_user(request)
    if not may_change_campaigns(user, ADD_PERMISSION):
        raise PermissionDenied
    form = CampaignForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            campaign = create_campaign(**form.cleaned_data, actor=user)
        except DomainError as error:
            form.add_error(None, error.extra.get("fields") or str(error))
        else:
            messages.success(request, _("The discount campaign “%(name)s” was added.") % {"name": campaign.name})
            return redirect(LIST)
    return _page(request, "add_campaign", _("Add a discount campaign"), form=form, media=form.media)


@require_http_methods(FORM_METHODS)
def switch_campaign(request: HttpRequest, campaign_id: str) -> HttpResponse:
    """Ask before a campaign is switched off or on; a POST does it."""
    user = staff_user(request)
    if not may_change_campaigns(user, CHANGE_PERMISSION):
        raise PermissionDenied
    campaign = get_object_or_404(DiscountCampaign, pk=campaign_id)
    form = ToggleForm(
        request.POST if request.method == "POST" else None, initial={"is_active": "0" if campaign.is_active else "1"}
    )
    if request.method == "POST" and form.is_valid():
        wanted, reason = form.cleaned_data["is_active"] == "1", form.cleaned_data["reason"]
        campaign = toggle_campaign(campaign_id=campaign.pk, is_active=wanted, reason=reason, actor=user)
        words = _("“%(name)s” is switched on.") if wanted else _("“%(name)s” is switched off.")
        messages.success(request, words % {"name": campaign.name})
        return redirect(LIST)
    title = _("Switch off a discount campaign") if campaign.is_active else _("Switch on a discount campaign")
    return _page(request, "switch_campaign", title, campaign=campaign, form=form)


def _page(request: HttpRequest, name: str, title: str, **context: Any) -> HttpResponse:
    shared = {**admin.site.each_context(request), "title": title, "opts": DiscountCampaign._meta}
    return TemplateResponse(request, f"plans/{name}.html", {**shared, **context})
