"""Many citizens at a test server."""

from collections import Counter
from random import Random

from bots.testing.bot_api.controls import ControlRefused, Controls
from bots.testing.citizens.citizen import Citizen


class Town:
    """`done` counts what its people did; as `refused`, what the platform did not let them do."""

    def __init__(self, controls: Controls, tokens: list[str], *, people: int, seed: int) -> None:
        self._controls = controls
        self._chance = Random(seed)  # noqa: S311
        self.citizens = [Citizen(number, seed, tokens) for number in range(people)]
        self._by_chat = {(citizen.token, citizen.person.id): citizen for citizen in self.citizens}
        self._seen = 0
        self.done: Counter[str] = Counter()
        self.messages_seen = 0

    def settle(self) -> None:
        """Make the platform know its people; what bots have shown before is nobody's business."""
        self._controls.add_people([citizen.person for citizen in self.citizens])
        self._seen = self._controls.shown_count()

    def look(self) -> None:
        """Let everybody see what bots have shown since the last look."""
        while shown := self._controls.shown(after=self._seen):
            for item in shown:
                self._seen = item["number"]
                citizen = self._by_chat.get((item["token"], item["chat_id"]))
                if citizen is not None:
                    self.messages_seen += 1
                    citizen.see(item["message"])

    def act(self) -> None:
        """Let somebody do something."""
        citizen = self._chance.choice(self.citizens)
        deed = citizen.next_deed()
        try:
            self._controls.act(citizen.token, citizen.person.id, deed.act, **deed.arguments)
            self.done[deed.act] += 1
        except ControlRefused:  # a poll that was closed meanwhile, a message that is too old
            self.done["refused"] += 1
