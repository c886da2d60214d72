from bots.models.activity import Click, Contribution, Message
from bots.models.bot import Bot
from bots.models.inbox import InboundUpdate
from bots.models.person import BotUser
from bots.models.poll import Poll, PollAnswer, PollOption

__all__ = [
    "Bot",
    "BotUser",
    "Click",
    "Contribution",
    "InboundUpdate",
    "Message",
    "Poll",
    "PollAnswer",
    "PollOption",
]
