"""The methods by which a bot speaks."""

from typing import Any

from bots.testing.bot_api.account import BotAccount
from bots.testing.bot_api.arguments import Arguments
from bots.testing.bot_api.formatting import shown_text
from bots.testing.bot_api.keyboards import judge_keyboard
from bots.testing.bot_api.people import Chat
from bots.testing.bot_api.platform import Platform
from bots.testing.bot_api.refusals import bad_request

LONGEST_TEXT = 4096  # https://core.telegram.org/bots/api#sendmessage
LONGEST_CAPTION = 1024  # https://core.telegram.org/bots/api#sendphoto
LONGEST_NOTE = 200  # https://core.telegram.org/bots/api#answercallbackquery


def send_message(platform: Platform, account: BotAccount, arguments: Arguments) -> dict[str, Any]:
    chat = account.reachable_chat(arguments)
    return deliver(platform, account, chat, arguments, {"text": _read_text(arguments)})


def send_photo(platform: Platform, account: BotAccount, arguments: Arguments) -> dict[str, Any]:
    chat = account.reachable_chat(arguments)
    caption = shown_text(arguments.text("caption"), arguments.text("parse_mode"))
    if len(caption) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    file_id = _read_photo(account, arguments.values.get("photo"))
    size = {"file_id": file_id, "file_unique_id": f"unique-{file_id}", "width": 320, "height": 240}
    return deliver(platform, account, chat, arguments, {"photo": [size], **({"caption": caption} if caption else {})})


def _read_photo(account: BotAccount, photo: Any) -> str:
    """The picture's number at the platform: of one sent before, of an address, or of an upload."""
    if not photo:
        raise bad_request("there is no photo in the request")
    if isinstance(photo, str) and not photo.startswith(("http://", "https://")):
        if photo not in account.file_ids:
            raise bad_request("wrong file identifier/HTTP URL specified")
        return photo
    file_id = f"photo-{account.next_number()}"
    account.file_ids.add(file_id)
    return file_id


def deliver(
    platform: Platform, account: BotAccount, chat: Chat, arguments: Arguments, content: dict[str, Any]
) -> dict[str, Any]:
    """Put a message of the bot into a chat. Raises Refusal for a bad keyboard, or when the bot sends too much."""
    markup = judge_keyboard(arguments.structure("reply_markup"))
    account.gate.pass_or_refuse(chat.id, is_group=chat.is_group)
    message = {
        "message_id": account.next_number(),
        "from": account.as_user(),
        "chat": chat.as_chat(),
        "date": int(platform.clock.now()),
        **content,
    }
    shown = {**message, "reply_markup": markup} if markup else message
    chat.messages.append(shown)
    platform.show(account, chat, shown)
    return _told_to_bot(shown)


def _told_to_bot(message: dict[str, Any]) -> dict[str, Any]:
    """Of keyboards, the API tells inline ones only."""
    if "inline_keyboard" in message.get("reply_markup", {"inline_keyboard": []}):
        return message
    return {name: value for name, value in message.items() if name != "reply_markup"}


def edit_message_text(platform: Platform, account: BotAccount, arguments: Arguments) -> dict[str, Any]:
    chat = account.reachable_chat(arguments)
    message = chat.find(arguments.integer("message_id", 0))
    if message is None:
        raise bad_request("message to edit not found")
    if message["from"]["id"] != account.id or "text" not in message:
        raise bad_request("message can't be edited")
    text = _read_text(arguments)
    markup = judge_keyboard(arguments.structure("reply_markup"))
    if (text, markup) == (message["text"], message.get("reply_markup")):
        what = "specified new message content and reply markup are exactly the same"
        raise bad_request(f"message is not modified: {what} as a current content and reply markup of the message")
    message.pop("reply_markup", None)
    message |= {"text": text, "edit_date": int(platform.clock.now()), **({"reply_markup": markup} if markup else {})}
    platform.show(account, chat, message)
    return message


def answer_callback_query(platform: Platform, account: BotAccount, arguments: Arguments) -> bool:
    if len(arguments.text("text")) > LONGEST_NOTE:
        raise bad_request("MESSAGE_TOO_LONG")
    if not account.is_answerable(arguments.text("callback_query_id")):
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    return True


def _read_text(arguments: Arguments) -> str:
    text = shown_text(arguments.text("text"), arguments.text("parse_mode"))
    if not text.strip():
        raise bad_request("message text is empty")
    if len(text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return text
