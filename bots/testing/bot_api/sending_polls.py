"""The methods about polls."""

from typing import Any

from bots.testing.bot_api.account import BotAccount
from bots.testing.bot_api.arguments import Arguments
from bots.testing.bot_api.platform import Platform
from bots.testing.bot_api.polls import read_poll
from bots.testing.bot_api.refusals import bad_request
from bots.testing.bot_api.sending import deliver


def send_poll(platform: Platform, account: BotAccount, arguments: Arguments) -> dict[str, Any]:
    chat = account.reachable_chat(arguments)
    # Above all numbers of earlier runs, as updates are.
    poll = read_poll(arguments, poll_id=f"{account.id}{account.next_number()}")
    message = deliver(platform, account, chat, arguments, {"poll": poll.as_poll()})
    account.polls[poll.id] = poll
    return message


def stop_poll(platform: Platform, account: BotAccount, arguments: Arguments) -> dict[str, Any]:
    chat = account.reachable_chat(arguments)
    message = chat.find(arguments.integer("message_id", 0))
    if message is None or "poll" not in message:
        raise bad_request("message with poll to stop not found")
    poll = account.polls[message["poll"]["id"]]
    if poll.is_closed:
        raise bad_request("poll has already been closed")
    poll.is_closed = True
    message["poll"] = poll.as_poll()
    account.updates.add("poll", poll.as_poll(), chat_id=chat.id)
    return poll.as_poll()
