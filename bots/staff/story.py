"""What passed between a person and a bot, newest first, in pages."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import CharField, DateTimeField, F, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.http import HttpRequest

from accounts.admin_scope import staff_user
from bots.models import BotUser, Click, Contribution, Message, OutboxMessage, PollAnswer, PollOption

STEPS_PER_PAGE = 50
# What a step is called, whose permission shows it, and where its moment, its kind and its words stand.
SOURCES: tuple[tuple[str, str, type[Any], str, str, Any], ...] = (
    ("click", "bots.view_click", Click, "occurred_at", "kind", "data"),
    ("message", "bots.view_message", Message, "occurred_at", "kind", "text"),
    ("contribution", "bots.view_contribution", Contribution, "occurred_at", "kind", "text"),
    ("vote", "bots.view_pollanswer", PollAnswer, "answered_at", "poll__question", "option_positions"),
    ("out", "bots.view_outboxmessage", OutboxMessage, "created_at", "state", KeyTextTransform("text", "payload")),
)
LABELS: dict[str, dict[str, Any]] = {
    "click": dict(Click.Kind.choices),
    "contribution": dict(Contribution.Kind.choices),
    "out": dict(OutboxMessage.State.choices),
}


def story_page(request: HttpRequest, person: BotUser) -> Page[dict[str, Any]]:
    """A page of the steps that the reader may see; the page's number is `story` in the query string."""
    page = Paginator(_steps(request, person), STEPS_PER_PAGE).get_page(request.GET.get("story"))
    votes = [step["id"] for step in page.object_list if step["what"] == "vote"]
    chosen = _chosen_options(votes)
    page.object_list = [_in_words(step, chosen) for step in page.object_list]
    return page


def _steps(request: HttpRequest, person: BotUser) -> Any:
    user = staff_user(request)
    found = [
        model._default_manager.filter(bot_user=person)
        .order_by()
        .annotate(
            what=Value(what, output_field=CharField()),
            moment=Cast(F(moment), DateTimeField()),
            sort=Cast(F(kind), CharField()),
            words=Coalesce(Cast(words, CharField()), Value("")),
        )
        .values("what", "id", "moment", "sort", "words")
        for what, permission, model, moment, kind, words in SOURCES
        if user.has_perm(permission)
    ]
    if not found:
        return []
    return found[0].union(*found[1:], all=True).order_by("-moment", "-what", "-id")


def _chosen_options(votes: list[int]) -> dict[int, str]:
    """The texts of the options that these votes chose, by the vote's number."""
    answers = list(PollAnswer.objects.filter(pk__in=votes))
    options = PollOption.objects.filter(poll__in=[answer.poll_id for answer in answers])
    texts = {(option.poll_id, option.position): option.text for option in options}
    return {
        answer.pk: " · ".join(texts.get((answer.poll_id, place), str(place + 1)) for place in answer.option_positions)
        for answer in answers
    }


def _in_words(step: dict[str, Any], chosen: dict[int, str]) -> dict[str, Any]:
    what, sort = step["what"], step["sort"]
    if what == "vote":
        return {**step, "words": chosen.get(step["id"], "")}
    return {**step, "sort": LABELS.get(what, {}).get(sort, sort)}
