"""A call's arguments, whichever of the API's four ways they came by.

After https://core.telegram.org/bots/api#making-requests: query string, form, multipart form or JSON. In forms, what
isn't text is JSON inside text.
"""

from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from bots.testing.bot_api.refusals import bad_request


class Arguments:
    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def text(self, name: str, default: str = "") -> str:
        """A text. Raises Refusal when it is something else."""
        value = self.values.get(name, default)
        if not isinstance(value, str):
            raise bad_request(f'field "{name}" must be of type String')
        return value

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole number. Raises Refusal when it is missing without a default, or something else."""
        value = self.values.get(name, default)
        try:
            return int(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise bad_request(f'field "{name}" must be of type Number') from None

    def boolean(self, name: str, *, default: bool = False) -> bool:
        value = self.values.get(name, default)
        return value if isinstance(value, bool) else str(value).lower() in ("true", "1", "yes")

    def structure(self, name: str) -> Any:
        """A list or an object, None where there is none. Raises Refusal when its JSON can't be read."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None


def read_arguments(query: str, content_type: str, body: bytes) -> Arguments:
    """The arguments of a request. Raises Refusal when the body isn't what its type says."""
    values: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json" and body:
        values |= _read_json(body)
    elif kind == "application/x-www-form-urlencoded":
        values |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    elif kind == "multipart/form-data":
        values |= _read_multipart(content_type, body)
    return Arguments(values)


def _read_json(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise bad_request("can't parse JSON object") from None


def _read_multipart(content_type: str, body: bytes) -> dict[str, Any]:
    """A file comes out as its bytes, every other field as text."""
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    values: dict[str, Any] = {}
    for part in message.walk():
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True)
        name = str(part.get_param("name", "", header="content-disposition"))
        values[name] = content if part.get_filename() else bytes(content).decode()
    return values
