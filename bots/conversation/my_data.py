"""What is held about a person, in plain words for themselves."""

from django.utils.translation import override

from bots.conversation.keyboards import city_named
from bots.conversation.words import PERSIAN, label
from bots.models import BotUser
from common.crypto import DecryptionError
from common.jalali import format_local, persian_digits

DIGITS_SHOWN = 4


def my_data(person: BotUser, language: str) -> str:
    """The text that answers `/mydata`. A phone is shown by its last digits: somebody may look over their shoulder."""
    with override(language):
        moments = {
            "first_seen": format_local(person.first_seen_at),
            "last_seen": format_local(person.last_seen_at),
            "agreed": format_local(person.consented_at),
            "no_news": format_local(person.stopped_at),
        }
    words = {
        "name": person.full_name,
        "username": f"@{person.username}" if person.username else "",
        "platform_number": str(person.platform_user_id),
        "language": person.language_code,
        "city": city_named(person.city, language) or person.city,
        "source": person.source,
        "phone_held": _masked(person),
    }
    counts = {
        "clicks": person.click_count,
        "messages": person.message_count,
        "contributions": person.contributions.count(),
        "votes": person.poll_answers.exclude(option_positions=[]).count(),
    }
    lines = [f"{label(name, language)}: {value}" for name, value in {**words, **moments}.items() if value]
    lines += [f"{label(name, language)}: {in_digits(count, language)}" for name, count in counts.items()]
    return "\n".join([label("my_data", language), "", *lines, "", label("as_written", language)])


def in_digits(number: int, language: str) -> str:
    """A number in the digits of a language."""
    return persian_digits(number) if language == PERSIAN else str(number)


def _masked(person: BotUser) -> str:
    try:
        phone = person.phone
    except DecryptionError:
        return "…"
    return f"…{phone[-DIGITS_SHOWN:]}" if phone else ""
