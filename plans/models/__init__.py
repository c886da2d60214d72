"""What candidates buy, when it is on sale, and for whom."""

from plans.models.beta_tester import BetaTester
from plans.models.campaign import CampaignUse, DiscountCampaign
from plans.models.feedback import BetaFeedback
from plans.models.history import PlanReleaseHistory, Step
from plans.models.move import SubscriberMove, SubscriberMovePart, SubscriberMoveRow
from plans.models.plan import Plan, Stage
from plans.models.subscription import Subscription
from plans.models.track import ReleaseTrack, ReleaseTrackStep, StepApproval

__all__ = [
    "BetaFeedback",
    "BetaTester",
    "CampaignUse",
    "DiscountCampaign",
    "Plan",
    "PlanReleaseHistory",
    "ReleaseTrack",
    "ReleaseTrackStep",
    "Stage",
    "Step",
    "StepApproval",
    "SubscriberMove",
    "SubscriberMovePart",
    "SubscriberMoveRow",
    "Subscription",
]
