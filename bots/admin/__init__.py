from bots.admin.activity import ClickAdmin, MessageAdmin
from bots.admin.bot import BotAdmin
from bots.admin.bot_user import BotUserAdmin
from bots.admin.broadcast import BroadcastAdmin
from bots.admin.contribution import ContributionAdmin
from bots.admin.inbox import InboundUpdateAdmin
from bots.admin.poll import PollAdmin

__all__ = [
    "BotAdmin",
    "BotUserAdmin",
    "BroadcastAdmin",
    "ClickAdmin",
    "ContributionAdmin",
    "InboundUpdateAdmin",
    "MessageAdmin",
    "PollAdmin",
]
