"""The lists of the admin that can be imported, too: each as one sheet, whose headings an import reads."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from accounts.models import Candidate, User
from exports.datasets.base import Dataset, Sheet
from exports.resources.candidate import CandidateResource
from exports.resources.plan_lists import CampaignResource, PlanResource
from exports.resources.subscription import TesterResource
from plans.models import BetaTester, DiscountCampaign, Plan

CONTACT_PERMISSION = "accounts.view_contact"
PLANS_PERMISSION = "exports.export_plans"


class CandidatesDataset(Dataset):
    code = "candidates"
    title = _("List of candidates")
    description = _("Every candidate with city, constituency and the person to talk to.")
    permission = "exports.export_candidate_data"
    is_for_each = False
    sheets_made: ClassVar = (
        Sheet(
            code="candidates",
            title=_("Candidates"),
            resource=CandidateResource,
            rows=lambda: Candidate.objects.order_by("pk"),
            candidate="",
            guarded={"phone": CONTACT_PERMISSION, "email": CONTACT_PERMISSION},
        ),
    )


class PlansDataset(Dataset):
    code = "plans"
    title = _("List of plans")
    description = _("Every plan with its price and what it allows.")
    permission = PLANS_PERMISSION
    takes_candidate = False
    sheets_made: ClassVar = (Sheet("plans", _("Plans"), PlanResource, lambda: Plan.objects.order_by("pk"), None),)


class TestersDataset(Dataset):
    code = "testers"
    title = _("List of beta testers")
    description = _("Who tests which plan, and who did.")
    permission = PLANS_PERMISSION
    is_for_each = False
    sheets_made: ClassVar = (
        Sheet("testers", _("Beta testers"), TesterResource, lambda: BetaTester.objects.order_by("pk"), "candidate"),
    )


class CampaignsDataset(Dataset):
    code = "campaigns"
    title = _("List of discount campaigns")
    description = _("Every campaign with its terms and how often it was used.")
    permission = PLANS_PERMISSION
    takes_candidate = False
    sheets_made: ClassVar = (
        Sheet(
            "campaigns",
            _("Discount campaigns"),
            CampaignResource,
            lambda: DiscountCampaign.objects.order_by("pk"),
            None,
        ),
    )

    def may_export(self, actor: User | None) -> bool:
        """Nobody who is limited to some candidates: the uses counted are those of all."""
        return super().may_export(actor) and not (actor and actor.is_limited_to_scopes)


LISTS = (CandidatesDataset(), PlansDataset(), TestersDataset(), CampaignsDataset())
