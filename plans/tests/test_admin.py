import json

import pytest
from django.conf import settings
from django.urls import reverse

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from plans.models import Plan, Subscription
from plans.services import create_plan, enable_plan

pytestmark = pytest.mark.django_db
LIST = "admin:plans_plan_changelist"


@pytest.fixture
def plan():
    return create_plan(code="basic", name_fa="پایه", name_en="Basic", price_rials=250_000_000, actor=None)


def _client(*roles, language="en"):
    client = sign_in(make_staff(*roles))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


def _form(**values):
    return {"code": "gold", "name_fa": "طلایی", "name_en": "Gold", "price_rials": "", "entitlements": "{}", **values}


def test_prices_have_thousands_separators(plan):
    assert "250,000,000" in _client(Role.OWNER).get(reverse(LIST)).content.decode()
    assert "250٬000٬000" in _client(Role.OWNER, language="fa").get(reverse(LIST)).content.decode()


@pytest.mark.parametrize("typed", ["1500000", "1,500,000", "۱٬۵۰۰٬۰۰۰", "1 500 000", "۱۵۰۰۰۰۰"])
@pytest.mark.parametrize("language", ["fa", "en"])
def test_prices_may_be_typed_as_people_write_them(typed, language):
    response = _client(Role.RELEASE_MANAGER, language=language).post(
        reverse("admin:plans_plan_add"), _form(price_rials=typed)
    )
    assert response.status_code == 302, response.context["errors"]
    assert Plan.objects.get().price_rials == 1_500_000
    assert AuditLog.objects.filter(action="plans.plan.add").count() == 1


def test_a_form_shown_and_sent_back_changes_nothing(plan):
    client = _client(Role.OWNER, language="fa")
    page = client.get(reverse("admin:plans_plan_change", args=[plan.pk]))
    form = page.context["adminform"].form
    sent = {name: form[name].value() for name in ("name_fa", "name_en")}
    widget = form["price_rials"].field.widget
    sent["price_rials"] = widget.format_value(form["price_rials"].value())
    sent["entitlements"] = json.dumps(plan.entitlements)
    assert client.post(reverse("admin:plans_plan_change", args=[plan.pk]), sent).status_code == 302
    plan.refresh_from_db()
    assert (plan.code, plan.price_rials) == ("basic", 250_000_000)


@pytest.mark.parametrize("typed", ["-5", "1.5", "free", "9" * 20])
def test_a_price_that_is_none_is_refused(typed):
    response = _client(Role.OWNER).post(reverse("admin:plans_plan_add"), _form(price_rials=typed))
    assert response.status_code == 200
    assert "price_rials" in response.context["adminform"].form.errors
    assert not Plan.objects.exists()


def test_entitlements_below_zero_are_refused():
    response = _client(Role.OWNER).post(reverse("admin:plans_plan_add"), _form(entitlements='{"people": -1}'))
    assert "entitlements" in response.context["adminform"].form.errors


def test_what_is_on_sale_and_the_code_are_not_for_the_form(plan):
    sent = _form(code="other", name_en="Basic plus", is_available_for_purchase="on", release_notes="now")
    _client(Role.OWNER).post(reverse("admin:plans_plan_change", args=[plan.pk]), sent)
    plan.refresh_from_db()
    assert (plan.name_en, plan.code) == ("Basic plus", "basic")
    assert (plan.is_available_for_purchase, plan.release_notes) == (False, "")


@pytest.mark.parametrize(
    ("role", "may_look", "may_add", "may_delete"),
    [
        (Role.OWNER, True, True, True),
        (Role.RELEASE_MANAGER, True, True, False),
        (Role.AUDITOR, True, False, False),
        (Role.SUPPORT, True, False, False),
        (Role.DATA_OFFICER, True, False, False),
        (Role.OPERATIONS, True, False, False),
    ],
)
def test_roles(plan, role, may_look, may_add, may_delete):
    client = _client(role)
    assert (client.get(reverse(LIST)).status_code == 200) is may_look
    assert (client.get(reverse("admin:plans_plan_add")).status_code == 200) is may_add
    assert (client.get(reverse("admin:plans_plan_delete", args=[plan.pk])).status_code == 200) is may_delete


def test_a_plan_that_was_bought_is_not_deleted_but_retired(plan):
    Subscription.objects.create(plan=plan, candidate=make_candidate(), price_rials=5)
    answer = _client(Role.OWNER).post(f"/admin/plans/plan/{plan.pk}/delete/", {"post": "yes"})
    assert answer.headers["Location"] == f"/admin/plans/{plan.pk}/retire"
    assert Plan.objects.filter(pk=plan.pk).exists()


def test_a_plan_on_sale_keeps_a_price(plan):
    enable_plan(plan_code="basic", enabled_by=None)
    values = {"name_fa": "پایه", "name_en": "Basic", "price_rials": "", "entitlements": "{}"}
    answer = _client(Role.OWNER).post(f"/admin/plans/plan/{plan.pk}/change/", values)
    assert answer.context["adminform"].form.errors["price_rials"]
