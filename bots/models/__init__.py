from bots.models.activity import Click, Message
from bots.models.analytics import HourCount, PeopleSnapshot, RollUpMark
from bots.models.bot import Bot
from bots.models.broadcast import Broadcast, BroadcastApproval, BroadcastDelivery, BroadcastPicture
from bots.models.contribution import Contribution, ContributionAnswer
from bots.models.erasure import ErasedPerson
from bots.models.health import BotHealth
from bots.models.inbox import InboundUpdate
from bots.models.lookup import PersonLookup
from bots.models.outbox import OutboxMessage
from bots.models.person import BotUser
from bots.models.poll import PlatformPoll, Poll, PollAnswer, PollOption
from bots.models.text import BotText

__all__ = [
    "Bot",
    "BotHealth",
    "BotText",
    "BotUser",
    "Broadcast",
    "BroadcastApproval",
    "BroadcastDelivery",
    "BroadcastPicture",
    "Click",
    "Contribution",
    "ContributionAnswer",
    "ErasedPerson",
    "HourCount",
    "InboundUpdate",
    "Message",
    "OutboxMessage",
    "PeopleSnapshot",
    "PersonLookup",
    "PlatformPoll",
    "Poll",
    "PollAnswer",
    "PollOption",
    "RollUpMark",
]
