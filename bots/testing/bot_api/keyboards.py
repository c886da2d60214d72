"""Keyboards below messages, judged as the real server judges them."""

from typing import Any

from bots.testing.bot_api.refusals import bad_request

LONGEST_CALLBACK_DATA_BYTES = 64
# https://core.telegram.org/bots/api#inlinekeyboardbutton: exactly one of them.
INLINE_ACTIONS = frozenset(
    {
        "url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
        "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
    }
)  # fmt: skip
KINDS = frozenset({"inline_keyboard", "keyboard", "remove_keyboard", "force_reply"})


def judge_keyboard(markup: Any) -> dict[str, Any] | None:
    """The keyboard, or None where there is none. Raises Refusal when it can't be shown."""
    if markup is None:
        return None
    if not isinstance(markup, dict) or not KINDS & markup.keys():
        raise bad_request("object expected as reply markup")
    for row in markup.get("inline_keyboard", []):
        for button in row:
            _judge_inline_button(button)
    for row in markup.get("keyboard", []):
        for button in row:
            if not (button if isinstance(button, str) else button.get("text")):
                raise bad_request('can\'t parse keyboard button: Field "text" must be of type String')
    return markup


def _judge_inline_button(button: dict[str, Any]) -> None:
    if not isinstance(button.get("text"), str) or not button["text"].strip():
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be of type String')
    actions = INLINE_ACTIONS & button.keys()
    if not actions:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request("can't parse inline keyboard button: exactly one of the optional fields must be used")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= LONGEST_CALLBACK_DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    url = button.get("url")
    if url is not None and not str(url).startswith(("http://", "https://", "tg://")):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")


def find_button(message: dict[str, Any], data: str) -> dict[str, Any] | None:
    """The button of a message that carries `data`."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return next((button for row in rows for button in row if button.get("callback_data") == data), None)
