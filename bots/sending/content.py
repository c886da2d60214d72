"""The Bot API calls that a broadcast makes."""

from typing import Any

from bots.models import Broadcast
from bots.sending.line import Call


def call_of(broadcast: Broadcast, *, file_id: str = "") -> Call:
    """The call that sends a broadcast, but for its chat. `file_id` is its picture where the platform knows it."""
    markup = {"inline_keyboard": [[button] for button in broadcast.buttons]} if broadcast.buttons else None
    picture = getattr(broadcast, "picture", None)
    if picture is None:
        return Call("sendMessage", {"text": broadcast.text, **_with(markup)})
    words: dict[str, Any] = {"caption": broadcast.text, **_with(markup)}
    if file_id:
        return Call("sendPhoto", {**words, "photo": file_id})
    kind = picture.content_type.rpartition("/")[2]
    upload = (f"picture.{kind}", bytes(picture.content), picture.content_type)
    return Call("sendPhoto", words, {"photo": upload})


def _with(markup: Any) -> dict[str, Any]:
    return {"reply_markup": markup} if markup else {}
