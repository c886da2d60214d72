"""Every form of the admin takes hostile text without an error of ours, and no page gives it back unescaped."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.forms import BaseForm
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from electionsite.tests.hostile_text import hostile_text, injected

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# Nobody adds a system setting: the page of them all is tested on its own.
MODELS = sorted({model._meta.label_lower for model in admin.site._registry} - {"constance.config"})


@pytest.fixture
def client() -> Client:
    owner = make_staff(Role.OWNER, username="owner")
    owner.is_superuser = True
    owner.save()
    client = sign_in(owner)
    client.raise_request_exception = True
    return client


def form_values(form: BaseForm, prefix: str = "") -> dict[str, st.SearchStrategy[str]]:
    """For each field of a form, hostile text or what the form itself would send."""
    values: dict[str, st.SearchStrategy[str]] = {}
    for name, field in form.fields.items():
        choices = [str(value) for value, _label in getattr(field, "choices", ()) or ()][:5]
        names = [f"{prefix}{name}"]
        if hasattr(field.widget, "widgets"):
            names = [f"{prefix}{name}_{number}" for number in range(len(field.widget.widgets))]
        plain = st.sampled_from(choices) if choices else st.just(str(form.get_initial_for_field(field, name) or "x"))
        values |= {key: st.one_of(hostile_text, plain) for key in names}
    return values


def submitted(context: Any) -> dict[str, st.SearchStrategy[str]]:
    """What the page's form and its inlines would send."""
    values = form_values(context["adminform"].form)
    for inline in context.get("inline_admin_formsets", ()):
        formset = inline.formset
        management = {f"{formset.prefix}-{name}": value for name, value in formset.management_form.initial.items()}
        values |= {name: st.just(str(value)) for name, value in management.items()}
        values[f"{formset.prefix}-TOTAL_FORMS"] = st.sampled_from(["0", "1", "-1", "x", "1001"])
        values |= form_values(formset.empty_form, prefix=f"{formset.prefix}-0-")
    return values


def assert_harmless(response: Any, *, why: Any) -> None:
    assert response.status_code < 500, why
    if response.headers.get("Content-Type", "").startswith("text/html"):
        assert injected(response.content.decode()) == [], why


@pytest.mark.parametrize("label", MODELS)
def test_an_add_form_takes_hostile_text(client: Client, label: str) -> None:
    address = reverse(f"admin:{label.replace('.', '_')}_add")
    page = client.get(address)
    if page.status_code == 403:
        return  # nobody adds these by hand
    fields = submitted(page.context)

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.fixed_dictionaries(fields))
    def submit(values: dict[str, str]) -> None:
        with transaction.atomic():
            assert_harmless(client.post(address, values, follow=True), why=values)
            transaction.set_rollback(True)

    submit()


@pytest.mark.parametrize("label", MODELS)
def test_a_list_takes_hostile_searches_filters_and_orders(client: Client, label: str) -> None:
    address = reverse(f"admin:{label.replace('.', '_')}_changelist")
    model_admin = next(found for model, found in admin.site._registry.items() if model._meta.label_lower == label)
    names = ["q", "o", "p", "_to_field", "_popup", "e", "all", "nonsense", "id__exact", "pk__in"]
    names += [parameter for item in model_admin.list_filter for parameter in parameters_of(item)]

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(st.sampled_from(names), hostile_text, max_size=3))
    def look(values: dict[str, str]) -> None:
        with transaction.atomic():
            assert_harmless(client.get(address, values, follow=True), why=values)
            transaction.set_rollback(True)

    look()


def parameters_of(item: Any) -> list[str]:
    """The parameters that a filter reads from the address."""
    if isinstance(item, str):
        return [f"{item}__exact", item]
    if isinstance(item, tuple | list):
        return [f"{item[0]}__id__exact", f"{item[0]}__exact", f"{item[0]}__isnull"]
    if hasattr(item, "parameter_names"):
        return list(item.parameter_names())
    return [item.parameter_name]


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(username=hostile_text, password=hostile_text, wanted=hostile_text)
def test_the_sign_in_page_takes_hostile_text(username: str, password: str, wanted: str) -> None:
    values = {"username": username, "password": password, "next": wanted}
    response = Client(headers={"user-agent": "x"}).post(reverse("admin:login"), values)
    assert_harmless(response, why=values)
