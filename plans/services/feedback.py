"""What users of a plan told us."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Candidate, User
from accounts.selectors import candidates_visible_to
from audit.services import record
from common.errors import DomainError
from common.validation import refuse_invalid
from plans.models import BetaFeedback
from plans.selectors import find_plan

ADD_PERMISSION = "plans.add_betafeedback"


@transaction.atomic
def add_feedback(*, plan_code: str, candidate: Candidate, kind: str, text: str, actor: User | None) -> BetaFeedback:
    """Write down a ticket, a technical problem or an opinion.

    Raises DomainError `plan-not-found`, `not-allowed`, `outside-scope`, `feedback-invalid`.
    """
    _refuse_unless_allowed(actor, candidate)
    feedback = BetaFeedback(
        plan=find_plan(plan_code), candidate=candidate, kind=kind, text=text.strip(), written_by=actor
    )
    refuse_invalid(feedback, code="feedback-invalid")
    feedback.save()
    details = {"plan": plan_code, "kind": kind, "candidate": candidate.code}
    record(action="plans.beta_feedback.add", actor=actor, target=feedback, details=details)
    return feedback


@transaction.atomic
def close_feedback(*, feedback_id: int, actor: User | None) -> BetaFeedback:
    """Note that nothing is left to do. Raises DomainError `feedback-not-found`, `already-closed`, `not-allowed`,
    `outside-scope`.
    """
    feedback = BetaFeedback.objects.select_for_update(of=["self"]).filter(pk=feedback_id).first()
    if feedback is None:
        raise DomainError("feedback-not-found", _("There is no such feedback."))
    _refuse_unless_allowed(actor, feedback.candidate)
    if feedback.closed_at:
        raise DomainError("already-closed", _("This was closed already."))
    feedback.closed_at = timezone.now()
    feedback.save(update_fields=["closed_at"])
    record(action="plans.beta_feedback.close", actor=actor, target=feedback)
    return feedback


def _refuse_unless_allowed(actor: User | None, candidate: Candidate) -> None:
    if actor is None:
        return
    if not actor.has_perm(ADD_PERMISSION):
        raise DomainError("not-allowed", _("You may not write down feedback."))
    if not candidates_visible_to(actor).filter(pk=candidate.pk).exists():
        raise DomainError("outside-scope", _("You are limited to candidates or regions that this one isn't among."))
