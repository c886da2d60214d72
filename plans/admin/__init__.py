from plans.admin.campaigns import DiscountCampaignAdmin
from plans.admin.feedback import BetaFeedbackAdmin
from plans.admin.plan import PlanAdmin
from plans.admin.subscriptions import SubscriptionAdmin
from plans.admin.testers import BetaTesterAdmin

__all__ = ["BetaFeedbackAdmin", "BetaTesterAdmin", "DiscountCampaignAdmin", "PlanAdmin", "SubscriptionAdmin"]
