from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin_scope import staff_user
from accounts.selectors import limit_to_scopes
from common.admin import ReadOnlyModelAdmin, latin, register_changelist_tool
from plans.campaign_forms import discount_words
from plans.discounts import campaign_state
from plans.models import CampaignUse, DiscountCampaign
from plans.services.campaigns import ADD_PERMISSION, CHANGE_PERMISSION, may_change_campaigns


@admin.register(DiscountCampaign)
class DiscountCampaignAdmin(ReadOnlyModelAdmin):
    """Every campaign with its state, its uses and what they saved; limited staff see those of their candidates."""

    list_display = (
        "name_shown", "code_shown", "discount", "starts_at", "ends_at", "state", "uses_shown", "saved", "switch",
    )  # fmt: skip
    list_display_links = None
    list_filter = ("plans",)
    search_fields = ("name", "code")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DiscountCampaign]:
        uses = CampaignUse.objects.filter(campaign=OuterRef("pk")).order_by()
        seen = limit_to_scopes(uses, staff_user(request), candidate="candidate").values("campaign")
        campaigns: QuerySet[DiscountCampaign] = super().get_queryset(request)
        return campaigns.annotate(
            seen_uses=Coalesce(Subquery(seen.annotate(count=Count("pk")).values("count")), 0),
            seen_saved=Coalesce(Subquery(seen.annotate(saved=Sum("saved_rials")).values("saved")), 0),
        )

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        may_switch = may_change_campaigns(staff_user(request), CHANGE_PERMISSION)
        return tuple(name for name in self.list_display if may_switch or name != "switch")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        # The button asks for a permission only, which limited staff may have as well.
        no_button: dict[str, Any] = {"changelist_tools": []} if staff_user(request).is_limited_to_scopes else {}
        return super().changelist_view(
            request, {"title": _("Discount campaigns"), **no_button, **(extra_context or {})}
        )

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A campaign's page is its history."""
        campaign = self.get_object(request, object_id)
        if campaign is None:
            return super().change_view(request, object_id, *args, **kwargs)
        return redirect("discount-campaigns:history", campaign.pk)

    @admin.display(description=gettext_lazy("name"), ordering="name")
    def name_shown(self, campaign: DiscountCampaign) -> str:
        return format_html('<a href="{}">{}</a>', reverse("discount-campaigns:history", args=[campaign.pk]), campaign)

    @admin.display(description=gettext_lazy("code"), ordering="code_key")
    def code_shown(self, campaign: DiscountCampaign) -> str:
        return latin(campaign.code)

    @admin.display(description=gettext_lazy("discount"))
    def discount(self, campaign: DiscountCampaign) -> str:
        return discount_words(campaign)

    @admin.display(description=gettext_lazy("state"))
    def state(self, campaign: DiscountCampaign) -> str:
        return str(campaign_state(campaign, timezone.now()).label)

    @admin.display(description=gettext_lazy("uses"), ordering="seen_uses")
    def uses_shown(self, campaign: DiscountCampaign) -> str:
        uses = number_format(campaign.seen_uses, force_grouping=True)  # type: ignore[attr-defined]
        if campaign.uses_at_most is None:
            return uses
        most = number_format(campaign.uses_at_most, force_grouping=True)
        return _("%(uses)s of %(most)s") % {"uses": uses, "most": most}

    @admin.display(description=gettext_lazy("saved rials"), ordering="seen_saved")
    def saved(self, campaign: DiscountCampaign) -> str:
        return number_format(campaign.seen_saved, force_grouping=True)  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("switch"))
    def switch(self, campaign: DiscountCampaign) -> str:
        words = _("Switch off") if campaign.is_active else _("Switch on")
        return format_html('<a href="{}">{}</a>', reverse("discount-campaigns:toggle", args=[campaign.pk]), words)


register_changelist_tool(
    DiscountCampaign,
    label=gettext_lazy("Add a discount campaign"),
    url_name="discount-campaigns:create",
    permission=ADD_PERMISSION,
    icon_class="addlink",
)
