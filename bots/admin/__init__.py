from bots.admin.activity import ClickAdmin, ContributionAdmin, MessageAdmin
from bots.admin.bot import BotAdmin
from bots.admin.bot_user import BotUserAdmin
from bots.admin.inbox import InboundUpdateAdmin
from bots.admin.poll import PollAdmin

__all__ = [
    "BotAdmin",
    "BotUserAdmin",
    "ClickAdmin",
    "ContributionAdmin",
    "InboundUpdateAdmin",
    "MessageAdmin",
    "PollAdmin",
]
