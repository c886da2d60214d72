from exports.resources.bot_user import BotUserResource

__all__ = ["BotUserResource"]
