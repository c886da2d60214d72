"""What a bot has stored, counted as `campaign.expected.json` counts it."""

from typing import Any

from django.db.models import Count

from bots.models import Bot, BotUser, Click, Contribution, Message, PollAnswer
from bots.selectors import poll_results


def totals_of(bot: Bot) -> dict[str, Any]:
    """The totals of one bot."""
    people = BotUser.objects.filter(bot=bot)
    contributions = Contribution.objects.filter(bot=bot)
    return {
        "people": people.count(),
        "messages": Message.objects.filter(bot=bot).count(),
        "clicks": Click.objects.filter(bot=bot).count(),
        "contributions": contributions.count(),
        "contributions_by_kind": _count_by(contributions, "kind"),
        "people_by_source": _count_by(people, "source"),
        "people_with_phone": people.exclude(phone_index="").count(),
        "people_blocked": people.filter(is_blocked=True).count(),
        "poll_votes_by_option": [votes for poll in bot.polls.order_by("pk") for _option, votes in poll_results(poll)],
        "poll_voters": PollAnswer.objects.filter(poll__bot=bot).exclude(option_positions=[]).count(),
    }


def _count_by(queryset: Any, field: str) -> dict[str, int]:
    return dict(queryset.order_by(field).values_list(field).annotate(Count("pk")))
