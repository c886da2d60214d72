"""Who tests a plan, and what adding to them would come to."""

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Candidate
from common.errors import DomainError
from plans.models import BetaTester, Plan, Stage

OPEN_STAGES = (Stage.DRAFT, Stage.BETA, Stage.SCHEDULED)


@dataclass(frozen=True)
class AddingPreview:
    """Whom adding would make testers, and who is one already."""

    new: list[Candidate]
    already: list[Candidate]


def preview_testers(plan: Plan, candidates: Collection[Candidate]) -> AddingPreview:
    """What `add_beta_testers` would do now. Raises DomainError `plan-retired`, `already-on-sale`, `plan-disabled`."""
    refuse_closed(plan)
    testing = testing_now(plan, candidates)
    return AddingPreview(
        new=[candidate for candidate in candidates if candidate.pk not in testing],
        already=[candidate for candidate in candidates if candidate.pk in testing],
    )


def testing_now(plan: Plan, candidates: Collection[Candidate]) -> set[int]:
    """The numbers of those among `candidates` who test the plan at present."""
    present = BetaTester.objects.filter(plan=plan, left_at=None, candidate__in=candidates)
    return set(present.values_list("candidate_id", flat=True))


def refuse_closed(plan: Plan) -> None:
    """Raises DomainError `plan-retired`, `already-on-sale`, `plan-disabled` for a plan that takes no testers."""
    if plan.stage == Stage.RETIRED:
        raise DomainError("plan-retired", _("This plan was retired: there is nothing to test any more."))
    if plan.stage == Stage.AVAILABLE:
        raise DomainError("already-on-sale", _("This plan is on sale: every candidate can buy it."))
    if plan.stage == Stage.DISABLED:
        words = _("This plan was taken off sale, for testers, too. Schedule its release first.")
        raise DomainError("plan-disabled", words)
