from collections.abc import Mapping

from django.db import transaction

from accounts.models import User
from audit.services import record
from common.validation import refuse_invalid
from plans.models import Plan


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
