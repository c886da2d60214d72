"""Discount campaigns: making them, switching them off and on, and taking a use of one."""

import datetime as dt
from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Candidate, User
from audit.services import record
from common.errors import DomainError
from common.usage import refuse_used
from common.validation import refuse_invalid
from plans.discounts import code_key
from plans.models import CampaignUse, DiscountCampaign, Plan
from plans.quotes import Quote

ADD_PERMISSION, CHANGE_PERMISSION = "plans.add_discountcampaign", "plans.change_discountcampaign"
SHORTEST_CODE, LONGEST_CODE = 3, 40
LONGEST_REASON = 500


def may_change_campaigns(staff: User, permission: str) -> bool:
    """Whether somebody with `permission` may use it: campaigns concern all candidates, limited staff only some."""
    return staff.has_perm(permission) and not staff.is_limited_to_scopes


@transaction.atomic
def create_campaign(
    *,
    name: str,
    code: str,
    kind: str,
    value: int,
    plans: Collection[Plan],
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    uses_at_most: int | None = None,
    uses_per_candidate: int = 1,
    actor: User | None,
) -> DiscountCampaign:
    """A new campaign, switched on: it runs from `starts_at` until `ends_at`.

    `value` is per cent (1 to 100) or rials, by `kind`; without `uses_at_most` any number of uses is allowed.
    Raises DomainError `not-allowed`, and `campaign-invalid` with `fields` that say what isn't accepted.
    """
    _refuse_unless_allowed(actor, ADD_PERMISSION)
    campaign = DiscountCampaign(
        name=name, code=code.strip(), code_key=code_key(code), kind=kind, value=value, starts_at=starts_at,
        ends_at=ends_at, uses_at_most=uses_at_most, uses_per_candidate=uses_per_candidate,
    )  # fmt: skip
    refuse_bad_terms(campaign, plans)
    refuse_invalid(campaign, code="campaign-invalid", exclude=["code_key"])
    try:
        with transaction.atomic():
            campaign.save()
    except IntegrityError as error:
        raise _invalid("code", _("Another campaign has this code, or one that reads the same.")) from error
    campaign.plans.set(plans)
    details = {
        "code": campaign.code, "kind": kind, "value": value, "starts_at": starts_at, "ends_at": ends_at,
        "uses_at_most": uses_at_most, "uses_per_candidate": uses_per_candidate,
        "plans": sorted(plan.code for plan in plans),
    }  # fmt: skip
    record(action="plans.discount_campaign.add", actor=actor, target=campaign, details=details)
    return campaign


@transaction.atomic
def toggle_campaign(
    *, campaign_id: int, is_active: bool | None = None, reason: str = "", actor: User | None
) -> DiscountCampaign:
    """Switch a campaign off or on again: to `is_active`, or with None to what it isn't now.

    A campaign that is already as wanted stays so, without a row in the log. Purchases that hold the campaign's row
    are waited for; whoever comes later finds it switched. Raises DomainError `not-allowed`, `campaign-not-found`.
    """
    _refuse_unless_allowed(actor, CHANGE_PERMISSION)
    campaign = DiscountCampaign.objects.select_for_update().filter(pk=campaign_id).first()
    if campaign is None:
        raise DomainError("campaign-not-found", _("There is no such campaign."))
    wanted = not campaign.is_active if is_active is None else is_active
    if wanted == campaign.is_active:
        return campaign
    campaign.is_active = wanted
    campaign.save(update_fields=["is_active"])
    details = {"reason": reason.strip()[:LONGEST_REASON]}
    if wanted:
        record(action="plans.discount_campaign.enable", actor=actor, target=campaign, details=details)
    else:
        record(action="plans.discount_campaign.disable", actor=actor, target=campaign, details=details)
    return campaign


@transaction.atomic
def delete_campaign(*, campaign_id: int, actor: User | None) -> None:
    """Remove a campaign that nobody has used. Raises DomainError `not-allowed`, `campaign-not-found`, `in-use`."""
    _refuse_unless_allowed(actor, CHANGE_PERMISSION)
    campaign = DiscountCampaign.objects.select_for_update().filter(pk=campaign_id).first()
    if campaign is None:
        raise DomainError("campaign-not-found", _("There is no such campaign."))
    refuse_used(campaign)
    details = {"before": {"code": campaign.code, "name": campaign.name, "kind": campaign.kind, "value": campaign.value}}
    record(action="plans.discount_campaign.delete", actor=actor, target=campaign, details=details)
    campaign.delete()


def lock_campaign(code: str) -> DiscountCampaign | None:
    """The campaign with this code, locked until the transaction ends: its caps hold however many buy at once."""
    return DiscountCampaign.objects.select_for_update(no_key=True).filter(code_key=code_key(code)).first()


def take_use(*, campaign: DiscountCampaign, quote: Quote, candidate: Candidate) -> CampaignUse:
    """Use a campaign that the caller has locked and judged, in the transaction of the purchase, which records it."""
    campaign.use_count += 1
    campaign.save(update_fields=["use_count"])
    return CampaignUse.objects.create(
        campaign=campaign, candidate=candidate, plan=quote.plan, saved_rials=quote.saved_rials
    )


def _refuse_unless_allowed(actor: User | None, permission: str) -> None:
    if actor and not may_change_campaigns(actor, permission):
        raise DomainError("not-allowed", _("You may not change discount campaigns."))


def refuse_bad_terms(campaign: DiscountCampaign, plans: Collection[Plan]) -> None:
    """What the database would refuse without words that people understand, or wouldn't refuse at all.

    Raises DomainError `campaign-invalid` with `fields`.
    """
    if not SHORTEST_CODE <= len(campaign.code_key) <= LONGEST_CODE:
        words = _("The code needs %(least)s to %(most)s letters and digits.")
        raise _invalid("code", words % {"least": SHORTEST_CODE, "most": LONGEST_CODE})
    if campaign.value < 1:
        raise _invalid("value", _("The discount must be more than nothing."))
    if campaign.kind == DiscountCampaign.Kind.PERCENT and campaign.value > 100:
        raise _invalid("value", _("No more than 100 per cent can be taken off."))
    if campaign.ends_at <= campaign.starts_at:
        raise _invalid("ends_at", _("The end must be after the beginning."))
    if campaign.ends_at <= timezone.now():
        raise _invalid("ends_at", _("The end must be in the future."))
    if campaign.uses_at_most is not None and campaign.uses_at_most < 1:
        raise _invalid("uses_at_most", _("At least one use must be possible; leave it empty for any number."))
    if campaign.uses_per_candidate < 1:
        raise _invalid("uses_per_candidate", _("Each candidate needs at least one use."))
    if not plans:
        raise _invalid("plans", _("Choose at least one plan."))


def _invalid(field: str, words: str) -> DomainError:
    return DomainError("campaign-invalid", words, fields={field: [words]})
