"""The methods that don't send anything (https://core.telegram.org/bots/api#available-methods)."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec

from bots.testing.bot_api.account import BotAccount
from bots.testing.bot_api.arguments import Arguments
from bots.testing.bot_api.platform import Platform
from bots.testing.bot_api.refusals import bad_request, conflict
from bots.testing.bot_api.sending import answer_callback_query, edit_message_text, send_message, send_photo
from bots.testing.bot_api.sending_polls import send_poll, stop_poll
from bots.testing.bot_api.webhook import Webhook, judge_webhook

LONGEST_URL = 2048
Method = Callable[[Platform, BotAccount, Arguments], Any | Awaitable[Any]]


def _get_me(platform: Platform, account: BotAccount, arguments: Arguments) -> dict[str, Any]:
    abilities = ("can_join_groups", "can_read_all_group_messages", "supports_inline_queries")
    return {**account.as_user(), **dict.fromkeys(abilities, False)}


def _set_webhook(platform: Platform, account: BotAccount, arguments: Arguments) -> bool:
    url = arguments.text("url")
    if len(url) > LONGEST_URL:
        raise bad_request("invalid webhook URL specified")
    if not url:
        return _delete_webhook(platform, account, arguments)
    connections = arguments.integer("max_connections", 40)
    webhook = Webhook(url, arguments.text("secret_token"), min(max(connections, 1), 100))
    judge_webhook(webhook, is_local_mode=platform.is_local_mode)
    _take_wishes(account, arguments)
    account.polling.end("terminated by setWebhook request")
    account.webhook.set(webhook)
    return True


def _delete_webhook(platform: Platform, account: BotAccount, arguments: Arguments) -> bool:
    _take_wishes(account, arguments)
    account.webhook.remove()
    return True


def _take_wishes(account: BotAccount, arguments: Arguments) -> None:
    allowed = arguments.structure("allowed_updates")
    if isinstance(allowed, Iterable):  # left out, the earlier wish stands
        account.updates.allow(allowed)
    if arguments.boolean("drop_pending_updates"):
        account.updates.clear()


def _get_webhook_info(platform: Platform, account: BotAccount, arguments: Arguments) -> dict[str, Any]:
    return account.webhook.info()


async def _get_updates(platform: Platform, account: BotAccount, arguments: Arguments) -> list[msgspec.Raw]:
    if account.webhook.webhook is not None:
        how = "use deleteWebhook to delete the webhook first"
        raise conflict(f"can't use getUpdates method while webhook is active; {how}")
    _take_wishes(account, arguments)
    found = await account.polling.get(
        offset=arguments.integer("offset", 0),
        limit=arguments.integer("limit", 100),
        timeout_seconds=arguments.integer("timeout", 0),
    )
    return [msgspec.Raw(waiting.body) for waiting in found]


# The real server doesn't mind capitals.
METHODS: dict[str, Method] = {
    "getme": _get_me,
    "setwebhook": _set_webhook,
    "deletewebhook": _delete_webhook,
    "getwebhookinfo": _get_webhook_info,
    "getupdates": _get_updates,
    "sendmessage": send_message,
    "sendphoto": send_photo,
    "editmessagetext": edit_message_text,
    "answercallbackquery": answer_callback_query,
    "sendpoll": send_poll,
    "stoppoll": stop_poll,
}
