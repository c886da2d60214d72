"""For tests: plans and campaigns at any stage, without the way there."""

import datetime as dt
from itertools import count
from typing import Any

from django.utils import timezone

from plans.models import DiscountCampaign, Plan, Stage
from plans.services import create_campaign

ONE_DAY = dt.timedelta(days=1)
_numbers = count(1)


def make_plan(code: str = "basic", *, stage: Stage = Stage.AVAILABLE, price_rials: int | None = 1_000_000) -> Plan:
    """A plan at `stage`."""
    return Plan.objects.create(
        code=code,
        name_fa=code,
        name_en=code.capitalize(),
        price_rials=price_rials,
        stage=stage,
        is_available_for_purchase=stage == Stage.AVAILABLE,
        release_scheduled_at=timezone.now() + ONE_DAY if stage == Stage.SCHEDULED else None,
    )


def make_campaign(*plans: Plan, **values: Any) -> DiscountCampaign:
    """A campaign that runs now, 20 per cent off, with a code of its own."""
    now, number = timezone.now(), next(_numbers)
    usual = {"name": f"Campaign {number}", "code": f"CODE-{number}", "kind": "percent", "value": 20}
    window = {"starts_at": now - ONE_DAY, "ends_at": now + ONE_DAY}
    return create_campaign(**{**usual, **window, **values}, plans=plans, actor=None)
