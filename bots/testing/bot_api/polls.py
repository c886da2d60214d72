"""Polls in chats (https://core.telegram.org/bots/api#poll)."""

from typing import Any

from bots.testing.bot_api.arguments import Arguments
from bots.testing.bot_api.refusals import bad_request

LONGEST_QUESTION = 300
LONGEST_OPTION = 100
MOST_OPTIONS = 12


class LivePoll:
    """A poll and who has voted what."""

    def __init__(
        self, poll_id: str, question: str, options: list[str], *, is_anonymous: bool, is_multiple: bool
    ) -> None:
        self.id, self.question, self.options = poll_id, question, options
        self.is_anonymous, self.is_multiple, self.is_closed = is_anonymous, is_multiple, False
        self._votes: dict[int, list[int]] = {}

    def vote(self, person_id: int, positions: list[int]) -> None:
        """Take a person's vote in place of their earlier one; none takes it back.

        Raises Refusal when the poll is closed, or there is no such option.
        """
        if self.is_closed:
            raise bad_request("poll has already been closed")
        if any(not 0 <= position < len(self.options) for position in positions):
            raise bad_request("invalid option ID specified")
        if len(positions) > 1 and not self.is_multiple:
            raise bad_request("can't choose more than 1 option in the poll")
        self._votes[person_id] = positions
        if not positions:
            del self._votes[person_id]

    def as_poll(self) -> dict[str, Any]:
        """As the API tells of a Poll."""
        chosen = [position for positions in self._votes.values() for position in positions]
        return {
            "id": self.id,
            "question": self.question,
            "options": [
                {"persistent_id": str(position), "text": text, "voter_count": chosen.count(position)}
                for position, text in enumerate(self.options)
            ],
            "total_voter_count": len(self._votes),
            "is_closed": self.is_closed,
            "is_anonymous": self.is_anonymous,
            "type": "regular",
            "allows_multiple_answers": self.is_multiple,
            "allows_revoting": True,
            "members_only": False,
        }


def read_poll(arguments: Arguments, poll_id: str) -> LivePoll:
    """The poll that a call wants to send. Raises Refusal when it breaks a limit, or is of a sort not covered here."""
    question = arguments.text("question").strip()
    if not question:
        raise bad_request("poll question must be non-empty")
    if len(question) > LONGEST_QUESTION:
        raise bad_request(f"poll question length must not exceed {LONGEST_QUESTION}")
    options = [_option_text(option) for option in arguments.structure("options") or []]
    if not options:
        raise bad_request("poll must have at least 1 answer option")
    if len(options) > MOST_OPTIONS:
        raise bad_request(f"poll can't have more than {MOST_OPTIONS} answer options")
    if arguments.text("type", "regular") != "regular" or {"open_period", "close_date"} & arguments.values.keys():
        raise bad_request("quizzes and polls that close by themselves are not covered by this test server")
    multiple = arguments.boolean("allows_multiple_answers")
    anonymous = arguments.boolean("is_anonymous", default=True)
    return LivePoll(poll_id, question, options, is_anonymous=anonymous, is_multiple=multiple)


def _option_text(option: Any) -> str:
    text = str(option.get("text", "") if isinstance(option, dict) else option).strip()
    if not text:
        raise bad_request("poll options must be non-empty")
    if len(text) > LONGEST_OPTION:
        raise bad_request(f"poll options length must not exceed {LONGEST_OPTION}")
    return text
