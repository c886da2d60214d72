"""Candidates: taking them on, and what is known about them."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Candidate, User
from accounts.selectors import candidates_visible_to
from audit.services import record
from common.errors import DomainError
from common.usage import refuse_used
from common.validation import refuse_invalid

SECRET_FIELDS = frozenset({"phone", "email"})


def create_candidate(
    *,
    code: str,
    name: str,
    city: str = "",
    constituency: str = "",
    contact_name: str = "",
    phone: str = "",
    email: str = "",
    actor: User | None,
) -> Candidate:
    """Take on a candidate; the region follows from the city.

    Raises DomainError `candidate-invalid` when a value isn't accepted (a code that is taken, an unknown city), and
    `outside-scope` when `actor` may see some regions only and this one isn't among them.
    """
    values = {
        "code": code, "name": name, "city": city, "constituency": constituency,
        "contact_name": contact_name, "phone": phone, "email": email,
    }  # fmt: skip
    with transaction.atomic():
        candidate = Candidate(**values)
        _save(candidate, actor)
        given = sorted(field for field, value in values.items() if value)
        after = {field: values[field] for field in given if field not in SECRET_FIELDS}
        record(
            action="accounts.candidate.add", actor=actor, target=candidate, details={"changed": given, "after": after}
        )
    return candidate


def update_candidate(
    *,
    candidate_id: int,
    name: str | None = None,
    city: str | None = None,
    constituency: str | None = None,
    contact_name: str | None = None,
    phone: str | None = None,
    email: str | None = None,
    actor: User | None,
) -> Candidate:
    """Change what is given; None leaves a value as it is. Without a difference nothing is written.

    Raises DomainError as `create_candidate` does, and `candidate-not-found`, also for one outside the actor's scope.
    """
    given = {
        "name": name, "city": city, "constituency": constituency,
        "contact_name": contact_name, "phone": phone, "email": email,
    }  # fmt: skip
    with transaction.atomic():
        visible = candidates_visible_to(actor) if actor else Candidate.objects.all()
        candidate = visible.select_for_update().filter(pk=candidate_id).first()
        if candidate is None:
            raise DomainError("candidate-not-found", _("There is no such candidate."))
        new = {
            field: value for field, value in given.items() if value is not None and value != getattr(candidate, field)
        }
        if not new:
            return candidate
        before = {field: getattr(candidate, field) for field in new if field not in SECRET_FIELDS}
        for field, value in new.items():
            setattr(candidate, field, value)
        _save(candidate, actor)
        after = {field: value for field, value in new.items() if field not in SECRET_FIELDS}
        details = {"changed": sorted(new), "before": before, "after": after}
        record(action="accounts.candidate.change", actor=actor, target=candidate, details=details)
    return candidate


def delete_candidate(*, candidate_id: int, actor: User | None) -> None:
    """Remove a candidate whom nothing belongs to: no bot, no subscription, nothing that was asked for.

    Raises DomainError `candidate-not-found`, also for one outside the actor's scope, and `in-use`.
    """
    with transaction.atomic():
        visible = candidates_visible_to(actor) if actor else Candidate.objects.all()
        candidate = visible.select_for_update().filter(pk=candidate_id).first()
        if candidate is None:
            raise DomainError("candidate-not-found", _("There is no such candidate."))
        refuse_used(candidate)
        fields = ("code", "name", "city", "constituency", "contact_name")
        before = {field: getattr(candidate, field) for field in fields if getattr(candidate, field)}
        record(action="accounts.candidate.delete", actor=actor, target=candidate, details={"before": before})
        candidate.delete()


def _save(candidate: Candidate, actor: User | None) -> None:
    refuse_invalid(candidate, code="candidate-invalid")
    candidate.save()
    if actor and actor.is_limited_to_scopes and not candidates_visible_to(actor).filter(pk=candidate.pk).exists():
        raise DomainError("outside-scope", _("You are limited to candidates or regions that this one isn't among."))
