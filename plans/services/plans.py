from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from common.errors import DomainError
from common.usage import refuse_used
from common.validation import refuse_invalid
from plans.models import Plan, Stage


@transaction.atomic
def create_plan(
    *,
    code: str,
    name_fa: str,
    name_en: str,
    price_rials: int | None = None,
    entitlements: Mapping[str, int] | None = None,
    actor: User | None,
) -> Plan:
    """A new plan, switched off; without a price it can't be bought yet.

    Raises DomainError `plan-invalid` when the code is taken or a value isn't accepted.
    """
    plan = Plan(
        code=code, name_fa=name_fa, name_en=name_en, price_rials=price_rials, entitlements=dict(entitlements or {})
    )
    refuse_invalid(plan, code="plan-invalid")
    plan.save()
    record(action="plans.plan.add", actor=actor, target=plan, details={"code": code, "price_rials": price_rials})
    return plan


@transaction.atomic
def change_plan(
    *,
    plan_id: int,
    name_fa: str | None = None,
    name_en: str | None = None,
    entitlements: Mapping[str, int] | None = None,
    actor: User | None,
) -> Plan:
    """Change a plan's names, or what it allows; None leaves a value as it is. Without a difference nothing is written.

    Raises DomainError `plan-not-found`, and `plan-invalid` when a value isn't accepted.
    """
    plan = _locked(plan_id)
    given = {"name_fa": name_fa, "name_en": name_en, "entitlements": entitlements}
    new = {field: value for field, value in given.items() if value is not None and value != getattr(plan, field)}
    if not new:
        return plan
    before = {field: getattr(plan, field) for field in new}
    for field, value in new.items():
        setattr(plan, field, value)
    refuse_invalid(plan, code="plan-invalid")
    plan.save(update_fields=list(new))
    details = {"changed": sorted(new), "before": before, "after": new}
    record(action="plans.plan.change", actor=actor, target=plan, details=details)
    return plan


@transaction.atomic
def delete_plan(*, plan_id: int, actor: User | None) -> None:
    """Remove a plan that is a draft still and that nothing names. Raises DomainError `plan-not-found`, `in-use`."""
    plan = _locked(plan_id)
    if plan.stage != Stage.DRAFT:
        raise DomainError("in-use", _("This plan is no draft any more."))
    refuse_used(plan)
    details = {"before": {"code": plan.code, "name_fa": plan.name_fa, "price_rials": plan.price_rials}}
    record(action="plans.plan.delete", actor=actor, target=plan, details=details)
    plan.delete()


def _locked(plan_id: int) -> Plan:
    plan = Plan.objects.select_for_update().filter(pk=plan_id).first()
    if plan is None:
        raise DomainError("plan-not-found", _("There is no such plan."))
    return plan
