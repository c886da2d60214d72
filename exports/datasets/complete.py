from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from accounts.models import Candidate
from bots.models import Bot, BotText, Broadcast, Click
from exports.datasets.base import Dataset, Sheet
from exports.datasets.bot_users import PEOPLE
from exports.datasets.contributions import CONTRIBUTIONS
from exports.datasets.messages import MESSAGES
from exports.datasets.poll_results import RESULTS, VOTES
from exports.resources.bot import BotResource, BotTextResource
from exports.resources.broadcast import BroadcastResource
from exports.resources.candidate import CandidateResource
from exports.resources.message import ClickResource
from exports.resources.subscription import FeedbackResource, SubscriptionResource, TesterResource
from plans.models import BetaFeedback, BetaTester, Subscription

CONTACT_PERMISSION = "accounts.view_contact"


class CompleteDataset(Dataset):
    """Everything about one candidate that people can read; a backup is what machines read."""

    code = "complete"
    title = _("All data of a candidate")
    description = _("A candidate with bots, people, contributions, messages, polls, broadcasts and subscriptions.")
    permission = "exports.export_candidate_data"
    needs_candidate = True
    sheets_made: ClassVar = (
        Sheet(
            code="candidate",
            title=_("Candidate"),
            resource=CandidateResource,
            rows=lambda: Candidate.objects.order_by("pk"),
            candidate="",
            guarded={"phone": CONTACT_PERMISSION, "email": CONTACT_PERMISSION},
        ),
        Sheet("bots", _("Bots"), BotResource, lambda: Bot.objects.order_by("pk"), "candidate"),
        Sheet("texts", _("Texts of bots"), BotTextResource, lambda: BotText.objects.order_by("pk"), "candidate"),
        PEOPLE,
        CONTRIBUTIONS,
        MESSAGES,
        Sheet("clicks", _("Clicks"), ClickResource, lambda: Click.objects.order_by("pk"), "bot__candidate"),
        RESULTS,
        VOTES,
        Sheet("broadcasts", _("Broadcasts"), BroadcastResource, lambda: Broadcast.objects.order_by("pk"), "candidate"),
        Sheet(
            "subscriptions",
            _("Subscriptions"),
            SubscriptionResource,
            lambda: Subscription.objects.order_by("pk"),
            "candidate",
        ),
        Sheet("testers", _("Tester of plans"), TesterResource, lambda: BetaTester.objects.order_by("pk"), "candidate"),
        Sheet("feedback", _("Feedback"), FeedbackResource, lambda: BetaFeedback.objects.order_by("pk"), "candidate"),
    )
