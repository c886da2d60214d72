"""Taking back what an import did: each row by itself, through the services that own its objects."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Candidate, User
from accounts.services import delete_candidate, update_candidate
from common.errors import DomainError
from exports.imports.judging import Judgement
from exports.imports.resource import Outcome
from exports.models import DataImport
from plans.models import BetaTester, DiscountCampaign, Plan, Subscription
from plans.services import change_plan, delete_campaign, delete_plan, remove_beta_tester

MODELS: dict[str, Any] = {
    DataImport.Kind.CANDIDATES: Candidate,
    DataImport.Kind.PLANS: Plan,
    DataImport.Kind.TESTERS: BetaTester,
    DataImport.Kind.CAMPAIGNS: DiscountCampaign,
}


@dataclass(frozen=True)
class DoneRow:
    """What an import did to one object: its values as JSON keeps them; `kept` says why that wasn't undone."""

    line: int
    label: str
    outcome: str
    pk: int
    before: dict[str, Any]
    after: dict[str, Any]
    kept: str = ""


def done_rows(judgement: Judgement) -> list[DoneRow]:
    """What there is to undo of an import that was carried out."""
    return [
        DoneRow(row.line, row.label, row.outcome, row.pk or 0, row.before, row.after)
        for row in judgement.rows
        if row.outcome in (Outcome.NEW, Outcome.CHANGED)
    ]


def written(rows: list[DoneRow]) -> str:
    """The rows as `DataImport.rows` keeps them."""
    return json.dumps([asdict(row) for row in rows], ensure_ascii=False) if rows else ""


def rows_of(data_import: DataImport) -> list[DoneRow]:
    """What an import did and nobody has undone; nothing once its time is over."""
    return [DoneRow(**row) for row in json.loads(data_import.rows)] if data_import.rows else []


def undo_row(kind: str, row: DoneRow, actor: User | None) -> str:
    """Take one row back; returns why that can't be done, in words, or nothing when it was."""
    try:
        with transaction.atomic():
            _undo(kind, row, actor)
    except DomainError as error:
        return str(error)
    return ""


def _undo(kind: str, row: DoneRow, actor: User | None) -> None:
    instance = MODELS[kind].objects.select_for_update(of=("self",)).filter(pk=row.pk).first()
    if instance is None:
        raise DomainError("gone", _("It was deleted since."))
    if kind in (DataImport.Kind.CANDIDATES, DataImport.Kind.PLANS):
        _refuse_changed(instance, row)
    if row.outcome == Outcome.CHANGED:
        RESTORES[kind](row.pk, row.before, actor)
    else:
        REMOVALS[kind](instance, actor)


def _refuse_changed(instance: Any, row: DoneRow) -> None:
    if any(getattr(instance, name) != value for name, value in row.after.items()):
        raise DomainError("changed-since", _("Somebody has changed it since."))


def _remove_tester(tester: BetaTester, actor: User | None) -> None:
    bought = Subscription.objects.filter(
        plan=tester.plan, candidate=tester.candidate, started_at__gte=tester.entered_at
    )
    if bought.exists():
        raise DomainError("in-use", _("This tester has bought the plan."))
    remove_beta_tester(tester_id=tester.pk, reason=_("The import was undone."), actor=actor)


RESTORES: dict[str, Callable[[int, dict[str, Any], User | None], Any]] = {
    DataImport.Kind.CANDIDATES: lambda pk, values, actor: update_candidate(candidate_id=pk, **values, actor=actor),
    DataImport.Kind.PLANS: lambda pk, values, actor: change_plan(plan_id=pk, **values, actor=actor),
}
REMOVALS: dict[str, Callable[[Any, User | None], Any]] = {
    DataImport.Kind.CANDIDATES: lambda found, actor: delete_candidate(candidate_id=found.pk, actor=actor),
    DataImport.Kind.PLANS: lambda found, actor: delete_plan(plan_id=found.pk, actor=actor),
    DataImport.Kind.TESTERS: _remove_tester,
    DataImport.Kind.CAMPAIGNS: lambda found, actor: delete_campaign(campaign_id=found.pk, actor=actor),
}
