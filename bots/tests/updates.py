"""Updates as the Bot API words them, for tests."""

import json
from itertools import count
from typing import Any

from bots.models import Bot, InboundUpdate
from bots.projection.worker import ProjectionReport, project_inbox
from bots.services.inbox import store_updates

_numbers = count(1000)
MOMENT = 1763800000  # 2025-11-22 08:26:40 UTC


def person(number: int = 7, **fields: Any) -> dict[str, Any]:
    return {"id": number, "is_bot": False, "first_name": "مریم", "language_code": "fa", **fields}


def private_chat(number: int = 7) -> dict[str, Any]:
    return {"id": number, "type": "private", "first_name": "مریم"}


def update(**content: Any) -> dict[str, Any]:
    return {"update_id": next(_numbers), **content}


def message(text: str | None = None, *, number: int = 7, **fields: Any) -> dict[str, Any]:
    words = {} if text is None else {"text": text}
    content = {"message_id": next(_numbers), "from": person(number), "chat": private_chat(number), "date": MOMENT}
    return update(message={**content, **words, **fields})


def button(data: str, number: int = 7) -> dict[str, Any]:
    return update(callback_query={"id": "1", "from": person(number), "chat_instance": "1", "data": data})


def vote(option_ids: list[int], *, poll_id: str = "5", number: int = 7) -> dict[str, Any]:
    return update(poll_answer={"poll_id": poll_id, "user": person(number), "option_ids": option_ids})


def poll(*options: str, poll_id: str = "5", question: str = "؟") -> dict[str, Any]:
    shown = [{"text": text, "voter_count": 0} for text in options]
    return update(poll={"id": poll_id, "question": question, "options": shown, "is_closed": False})


def membership(status: str, number: int = 7) -> dict[str, Any]:
    member = {"status": status, "user": {"id": 1, "is_bot": True, "first_name": "bot"}}
    change = {"chat": private_chat(number), "from": person(number), "date": MOMENT, "new_chat_member": member}
    return update(my_chat_member={**change, "old_chat_member": member})


def send(bot: Bot, *updates: dict[str, Any]) -> ProjectionReport:
    """Store updates and drain the inbox."""
    bodies = [json.dumps(item).encode() for item in updates]
    store_updates(bot=bot, bodies=bodies, source=InboundUpdate.Source.WEBHOOK)
    return project_inbox()
