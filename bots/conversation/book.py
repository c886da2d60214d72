"""The texts of one candidate's bots: their own, and the standard ones for the rest."""

from collections.abc import Mapping

from bots.conversation.filling import cut, fill
from bots.conversation.words import LANGUAGES, STANDARD_CONSENT_VERSION, STANDARD_TEXTS
from bots.models import BotText


class Book:
    """Texts by their place and language, read once."""

    def __init__(self, candidate_id: int, candidate_name: str) -> None:
        self._candidate_name = candidate_name
        rows = BotText.objects.filter(candidate=candidate_id).exclude(text="")
        self._own = {(key, language): (text, version) for key, language, text, version in
                     rows.values_list("key", "language", "text", "version")}  # fmt: skip

    def text(self, key: str, language: str) -> str:
        """A text as it was written."""
        own = self._own.get((key, language))
        return own[0] if own else STANDARD_TEXTS[key][language]

    def is_own(self, key: str, language: str) -> bool:
        """Whether staff have written it."""
        return (key, language) in self._own

    def say(self, key: str, language: str, values: Mapping[str, str]) -> str:
        """A text as a person gets it."""
        return self.fill(self.text(key, language), values)

    def fill(self, text: str, values: Mapping[str, str]) -> str:
        """Any text as a person would get it."""
        return cut(fill(text, {"candidate": self._candidate_name, **values}))

    def consent_version(self, language: str) -> str:
        """What names the text of consent in a language, for ever; the audit log has each text's words."""
        own = self._own.get(("consent", language))
        return f"{language}-own-{own[1]}" if own else f"{language}-standard-{STANDARD_CONSENT_VERSION}"

    @property
    def consent_versions(self) -> frozenset[str]:
        """The texts of consent that hold now: whoever agreed to one of them isn't asked again."""
        return frozenset(self.consent_version(language) for language in LANGUAGES)
