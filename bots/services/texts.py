"""What staff change of what bots say."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Candidate, User
from audit.services import record
from bots.conversation.filling import refuse_text
from bots.conversation.words import LANGUAGES, STANDARD_TEXTS
from bots.models import BotText
from common.errors import DomainError
from common.text import clean_text

CHANGE_PERMISSION = "bots.change_bottext"


def change_text(*, candidate: Candidate, key: str, language: str, text: str, actor: User | None) -> BotText:
    """Let a candidate's bots say `text` at a place, in a language.

    Raises DomainError `text-unknown-place`, and what `refuse_text` raises for a text that can't be sent.
    """
    _refuse_place(key, language)
    text = clean_text(text.replace("\r\n", "\n").strip())
    refuse_text(key, text)
    return _write(candidate, key, language, text, actor)


def restore_text(*, candidate: Candidate, key: str, language: str, actor: User | None) -> BotText:
    """Let a candidate's bots say the standard text again. Raises DomainError `text-unknown-place`."""
    _refuse_place(key, language)
    return _write(candidate, key, language, "", actor)


@transaction.atomic
def _write(candidate: Candidate, key: str, language: str, text: str, actor: User | None) -> BotText:
    Candidate.objects.select_for_update(no_key=True).defer("phone", "email").get(pk=candidate.pk)
    place = {"candidate": candidate, "key": key, "language": language}
    row = BotText.objects.filter(**place).first() or BotText(**place, version=0)
    before = row.text
    if before == text:
        return row
    row.text, row.version, row.changed_by = text, row.version + 1, actor
    row.save()
    # With both texts: whoever asks what somebody agreed to finds its words here, by its version.
    details = {"place": key, "language": language, "version": row.version, "before": before, "after": text}
    record(action="bots.bot_text.change", actor=actor, target=candidate, details=details)
    return row


def _refuse_place(key: str, language: str) -> None:
    if key not in STANDARD_TEXTS or language not in LANGUAGES:
        raise DomainError("text-unknown-place", _("Bots say nothing there."))
