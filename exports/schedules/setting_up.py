"""What a schedule is made of, checked: what is exported, when, and for whom."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Candidate, User
from accounts.selectors import candidates_visible_to
from common.errors import DomainError
from common.text import clean_text
from exports.datasets import check_wish, dataset_named
from exports.models import ScheduledExport
from exports.models.schedule import today_in_tehran
from exports.schedules.rights import why_not, wish_of_schedule
from exports.schedules.timing import LONGEST_DAY, Calendar, Frequency, next_moment, timing_of

LAST_WEEKDAY = 6
TIMING_FIELDS = ("frequency", "calendar", "at_time", "weekday", "day_of_month", "rule")
LENGTHS = {"name": 150, "purpose": 200, "rule": 500}


class ScheduleSettings(TypedDict, total=False):
    """What can be said of a schedule; what is left out stays as it is."""

    name: str
    export_type: str
    candidate_id: int | None
    filters: Mapping[str, str]
    columns: Sequence[str]
    format: str
    language: str
    purpose: str
    frequency: str
    calendar: str
    at_time: dt.time
    weekday: int | None
    day_of_month: int | None
    rule: str


def apply(settings: ScheduleSettings, schedule: ScheduledExport, *, actor: User | None) -> None:
    """Give `schedule`, which isn't saved here, these settings. Rules count from the day on which the times changed.

    Raises DomainError `unknown-dataset`, `unknown-candidate`, `bad-timing`, `bad-rule`, `never-comes`.
    """
    values, had = dict(settings), _timing_values(schedule)
    if "export_type" in settings:
        schedule.dataset = dataset_named(settings["export_type"]).code
    if "candidate_id" in settings:
        schedule.candidate = _candidate(settings["candidate_id"], actor or schedule.owner)
    if "filters" in settings:
        schedule.filters = dict(settings["filters"])
    if "columns" in settings:
        schedule.columns = list(settings["columns"])
    for name in ("name", "format", "language", "purpose", *TIMING_FIELDS):
        if name in values:
            value = values[name]
            setattr(schedule, name, _one_line(value, LENGTHS.get(name)) if isinstance(value, str) else value)
    if set(values) & set(TIMING_FIELDS):
        _keep_what_is_needed(schedule)
    if had != _timing_values(schedule):
        schedule.starts_on = today_in_tehran()
        set_next_due(schedule)


def check_rights(schedule: ScheduledExport, recipients: Iterable[User], *, actor: User | None) -> None:
    """Refuse a schedule that its owner, who sets it up, or a recipient has no right to.

    Raises DomainError as `check_wish` does, `recipient-not-allowed`, `no-recipients`.
    """
    wish = wish_of_schedule(schedule)
    check_wish(wish)
    if actor and actor != schedule.owner and (reason := why_not(wish, actor)):
        raise DomainError("not-allowed", reason)
    recipients = list(recipients)
    if not recipients:
        raise DomainError("no-recipients", _("Name at least one recipient."))
    for user in recipients:
        if reason := why_not(wish, user):
            words = _("%(person)s can't be a recipient. %(reason)s")
            raise DomainError("recipient-not-allowed", words % {"person": user, "reason": reason})


def people_named(recipients: Iterable[str | User]) -> list[User]:
    """The members of staff with these mail addresses, each once.

    Raises DomainError `unknown-recipient` for an address of nobody who may sign in, or of several people.
    """
    found = {user.pk: user for user in (_person(recipient) for recipient in recipients)}
    return list(found.values())


def _person(recipient: str | User) -> User:
    if isinstance(recipient, User):
        return recipient
    field = User._meta.get_field("email_index")
    fingerprint = field.index_of(recipient)
    people = list(User.objects.filter(email_index=fingerprint, is_active=True)[:2]) if fingerprint else []
    if not people:
        words = _("No member of staff who may sign in has the address %(address)s.")
        raise DomainError("unknown-recipient", words % {"address": clean_text(recipient, 254)})
    if len(people) > 1:
        words = _("Several members of staff have the address %(address)s. Give each their own.")
        raise DomainError("unknown-recipient", words % {"address": clean_text(recipient, 254)})
    return people[0]


def _candidate(candidate_id: int | None, user: User) -> Candidate | None:
    if candidate_id is None:
        return None
    candidate = candidates_visible_to(user).filter(pk=candidate_id).first()
    if candidate is None:
        raise DomainError("unknown-candidate", _("There is no such candidate, or you may not see them."))
    return candidate


def _timing_values(schedule: ScheduledExport) -> list[object]:
    return [getattr(schedule, name) for name in TIMING_FIELDS]


def _keep_what_is_needed(schedule: ScheduledExport) -> None:
    """Drop what the frequency doesn't use. Raises DomainError `bad-timing` where something is missing."""
    weekly, monthly = schedule.frequency == Frequency.WEEKLY, schedule.frequency == Frequency.MONTHLY
    schedule.weekday = schedule.weekday if weekly else None
    schedule.day_of_month = schedule.day_of_month if monthly else None
    schedule.rule = schedule.rule if schedule.frequency == Frequency.RULE else ""
    schedule.at_time = schedule.at_time.replace(second=0, microsecond=0, tzinfo=None)
    if (
        schedule.frequency not in Frequency.values
        or schedule.calendar not in Calendar.values
        or (weekly and not _lies_in(schedule.weekday, 0, LAST_WEEKDAY))
        or (monthly and not _lies_in(schedule.day_of_month, 1, LONGEST_DAY))
    ):
        raise DomainError("bad-timing", _("Say when it runs: how often, and for weeks and months on which day."))


def set_next_due(schedule: ScheduledExport) -> None:
    """Have it run next at its first moment from now. Raises DomainError `bad-rule`, `never-comes`."""
    schedule.next_due_at = next_moment(timing_of(schedule), timezone.now())
    if schedule.next_due_at is None:
        raise DomainError("never-comes", _("By this rule it would never run any more."))


def _one_line(text: str, longest: int | None) -> str:
    """Names stand in the subjects of mails."""
    return clean_text(" ".join(text.split()), longest)


def _lies_in(value: int | None, smallest: int, largest: int) -> bool:
    return value is not None and smallest <= value <= largest
