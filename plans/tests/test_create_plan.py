import pytest

from audit.models import AuditLog
from common.errors import DomainError
from plans.models import Plan
from plans.services import create_plan

pytestmark = pytest.mark.django_db


def test_a_new_plan_is_off_and_audited():
    plan = create_plan(
        code="basic",
        name_fa="پایه",
        name_en="Basic",
        price_rials=250_000_000,
        entitlements={"people": 5000},
        actor=None,
    )
    plan.refresh_from_db()
    assert not plan.is_available_for_purchase
    assert (plan.price_rials, plan.entitlements) == (250_000_000, {"people": 5000})
    row = AuditLog.objects.get(action="plans.plan.add")
    assert (row.object_label, row.details["code"]) == ("Basic", "basic")


def test_a_taken_code_is_refused_in_words():
    create_plan(code="basic", name_fa="پایه", name_en="Basic", actor=None)
    with pytest.raises(DomainError) as refused:
        create_plan(code="basic", name_fa="دیگر", name_en="Other", actor=None)
    assert refused.value.code == "plan-invalid"
    assert Plan.objects.count() == 1


@pytest.mark.parametrize(
    "entitlements",
    [
        {"people": -1},
        {"people": 1.5},
        {"people": True},
        {"people": "5"},
        {"people": None},
        {"Big people": 1},
        {"": 1},
        {"people": 10**13},
    ],
)
def test_entitlements_are_names_with_whole_numbers(entitlements):
    with pytest.raises(DomainError):
        create_plan(code="odd", name_fa="عجیب", name_en="Odd", entitlements=entitlements, actor=None)
    assert not Plan.objects.exists()


def test_a_plan_is_called_by_its_name_in_the_readers_language():
    from django.utils.translation import override

    plan = create_plan(code="basic", name_fa="پایه", name_en="Basic", actor=None)
    with override("fa"):
        assert str(plan) == "پایه"
    with override("en"):
        assert str(plan) == "Basic"
