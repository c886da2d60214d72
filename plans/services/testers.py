"""Beta testers: candidates who may buy a plan before it is on sale."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Candidate, User
from accounts.selectors import candidates_visible_to
from audit.services import record
from common.errors import DomainError
from plans.models import BetaTester, Plan, Stage, Step
from plans.services.history import lock_plan, write_step
from plans.testers import refuse_closed, testing_now

ADD_PERMISSION = "plans.add_betatester"
REMOVE_PERMISSION = "plans.change_betatester"
LONGEST_TEXT = 200


@dataclass(frozen=True)
class AddedTesters:
    """Who became a tester, and who was one already."""

    added: list[BetaTester]
    already: list[Candidate]


@transaction.atomic
def add_beta_tester(*, candidate: Candidate, plan_code: str, note: str = "", actor: User | None) -> BetaTester:
    """Let one candidate buy a plan before its release, from now on.

    Raises DomainError `tester-already`, and what `add_beta_testers` raises.
    """
    result = add_beta_testers(candidates=[candidate], plan_code=plan_code, note=note, actor=actor)
    if not result.added:
        raise DomainError("tester-already", _("%(name)s tests this plan already.") % {"name": candidate.name})
    return result.added[0]


@transaction.atomic
def add_beta_testers(
    *, candidates: Iterable[Candidate], plan_code: str, note: str = "", actor: User | None
) -> AddedTesters:
    """Let candidates buy a plan before its release: all of them or, when this raises, none.

    The first tester opens a draft to its testers. Raises DomainError `plan-not-found`, `not-allowed`,
    `text-too-long`, `plan-retired`, `already-on-sale`, `plan-disabled`.
    """
    plan = lock_plan(plan_code)
    wanted = list({candidate.pk: candidate for candidate in candidates}.values())
    _refuse_unless_allowed(actor, ADD_PERMISSION, wanted)
    refuse_closed(plan)
    note = _short(note)
    testing = testing_now(plan, wanted)
    testers = BetaTester.objects.bulk_create(
        BetaTester(plan=plan, candidate=candidate, note=note, added_by=actor)
        for candidate in wanted
        if candidate.pk not in testing
    )
    for tester in testers:
        details = {"plan": plan.code, "candidate": tester.candidate.code, "note": note}
        record(action="plans.beta_tester.add", actor=actor, target=tester, details=details)
    if testers and plan.stage == Stage.DRAFT:
        _move(plan, Step.OPENED_TO_TESTERS, Stage.BETA, actor, note)
    return AddedTesters(testers, [candidate for candidate in wanted if candidate.pk in testing])


@transaction.atomic
def remove_beta_tester(*, tester_id: int, reason: str, actor: User | None) -> BetaTester:
    """End a candidate's time as a tester; what they bought stays theirs.

    The last one's leaving closes a plan that was open to testers only. Raises DomainError `tester-not-found`,
    `not-allowed`, `reason-missing`, `text-too-long`, `tester-left`.
    """
    plan_code = BetaTester.objects.filter(pk=tester_id).values_list("plan__code", flat=True).first()
    if plan_code is None:
        raise DomainError("tester-not-found", _("There is no such tester."))
    plan = lock_plan(plan_code)
    tester = BetaTester.objects.select_related("plan", "candidate").get(pk=tester_id)
    _refuse_unless_allowed(actor, REMOVE_PERMISSION, [tester.candidate])
    reason = _short(reason)
    if not reason:
        raise DomainError("reason-missing", _("Say why: it stands in the list of testers."))
    if tester.left_at:
        words = _("%(name)s doesn't test this plan any more.") % {"name": tester.candidate.name}
        raise DomainError("tester-left", words)
    tester.left_at, tester.exit_reason = timezone.now(), reason
    tester.save(update_fields=["left_at", "exit_reason"])
    details = {"plan": plan.code, "candidate": tester.candidate.code, "reason": reason}
    record(action="plans.beta_tester.remove", actor=actor, target=tester, details=details)
    if plan.stage == Stage.BETA and not _present(plan).exists():
        _move(plan, Step.CLOSED_TO_TESTERS, Stage.DRAFT, actor, reason)
    return tester


def _present(plan: Plan) -> QuerySet[BetaTester]:
    return BetaTester.objects.filter(plan=plan, left_at=None)


def _move(plan: Plan, step: Step, stage: Stage, actor: User | None, reason: str) -> None:
    before, plan.stage = plan.stage, stage
    write_step(plan=plan, step=step, stage_before=before, actor=actor, reason=reason)


def _refuse_unless_allowed(actor: User | None, permission: str, candidates: list[Candidate]) -> None:
    if actor is None:
        return
    pks = [candidate.pk for candidate in candidates]
    if not actor.has_perm(permission) or candidates_visible_to(actor).filter(pk__in=pks).count() != len(pks):
        raise DomainError("not-allowed", _("You may not say who tests this plan."))


def _short(text: str) -> str:
    text = text.strip()
    if len(text) > LONGEST_TEXT:
        words = _("This text is longer than %(count)d characters.") % {"count": LONGEST_TEXT}
        raise DomainError("text-too-long", words)
    return text
