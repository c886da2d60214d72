"""What people do in their chats; the bot learns of it by updates."""

from typing import Any

from bots.testing.bot_api.account import BotAccount
from bots.testing.bot_api.clock import Clock
from bots.testing.bot_api.keyboards import find_button
from bots.testing.bot_api.people import Chat, Person
from bots.testing.bot_api.refusals import bad_request


class Acts:
    """What one person does in one bot's chat. All raise Refusal for what the platform's apps wouldn't let them do."""

    def __init__(self, account: BotAccount, person: Person, clock: Clock) -> None:
        self._account, self._person, self._clock = account, person, clock

    @property
    def _chat(self) -> Chat:
        chat = self._account.chats.get(self._person.id)
        if chat is None or chat.is_blocked:
            raise bad_request("this person has no open chat with the bot")
        return chat

    def start(self, payload: str = "") -> None:
        """Open the chat, by a deep link where there is a payload; a blocked bot is let in again first."""
        chat = self._account.open_chat(self._person)
        if chat.is_blocked:
            self._set_blocked(chat, is_blocked=False)
        self.write(f"/start {payload}".strip())

    def write(self, text: str) -> int:
        """Send a text; returns the message's number."""
        command = text.split(maxsplit=1)[0] if text.startswith("/") else ""
        entity = {"type": "bot_command", "offset": 0, "length": len(command)}
        return self._say({"text": text, **({"entities": [entity]} if command else {})})

    def edit(self, message_id: int, text: str) -> None:
        """Change a text of one's own."""
        message = self._chat.find(message_id)
        if message is None or message["from"]["id"] != self._person.id:
            raise bad_request("message can't be edited")
        message |= {"text": text, "edit_date": int(self._clock.now())}
        self._update("edited_message", message)

    def share_contact(self) -> None:
        """Share one's own phone number."""
        contact = {"phone_number": self._person.phone, "user_id": self._person.id}
        self._say({"contact": {**contact, "first_name": self._person.first_name}})

    def press(self, message_id: int, data: str) -> str:
        """Press a button that the bot has shown; returns the number that the bot answers it by."""
        message = self._chat.find(message_id)
        if message is None or find_button(message, data) is None:
            raise bad_request(f"there is no such button: {data}")
        number = str(self._account.next_number())
        self._account.pressed[number] = self._clock.now()
        pressed = {"id": number, "from": self._person.as_user(), "chat_instance": str(self._person.id)}
        self._update("callback_query", {**pressed, "message": message, "data": data})
        return number

    def vote(self, poll_id: str, option_ids: list[int]) -> None:
        """Vote in a poll that the bot has sent, or take the vote back with no option."""
        poll = self._account.polls.get(poll_id)
        if poll is None:
            raise bad_request("there is no such poll")
        poll.vote(self._person.id, option_ids)
        if not poll.is_anonymous:
            chosen = {"option_ids": option_ids, "option_persistent_ids": [str(option) for option in option_ids]}
            self._update("poll_answer", {"poll_id": poll_id, "user": self._person.as_user(), **chosen})
        self._update("poll", poll.as_poll())

    def block(self) -> None:
        """Block the bot."""
        self._set_blocked(self._chat, is_blocked=True)

    def _say(self, content: dict[str, Any]) -> int:
        chat = self._chat
        message = {
            "message_id": self._account.next_number(),
            "from": self._person.as_user(),
            "chat": chat.as_chat(),
            "date": int(self._clock.now()),
            **content,
        }
        chat.messages.append(message)
        self._update("message", message)
        return int(message["message_id"])

    def _set_blocked(self, chat: Chat, *, is_blocked: bool) -> None:
        chat.is_blocked = is_blocked
        bot = self._account.as_user()
        states = [{"status": "member", "user": bot}, {"status": "kicked", "until_date": 0, "user": bot}]
        before, after = states if is_blocked else reversed(states)
        change = {"chat": chat.as_chat(), "from": self._person.as_user(), "date": int(self._clock.now())}
        self._update("my_chat_member", {**change, "old_chat_member": before, "new_chat_member": after})

    def _update(self, kind: str, content: dict[str, Any]) -> None:
        self._account.updates.add(kind, content, chat_id=self._person.id)
