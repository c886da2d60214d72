"""What anybody can buy now: the page and the API, asked through one process."""

import json

import pytest
from django.conf import settings
from django.test import Client
from django.urls import resolve
from django.utils.translation import override

from plans.models import Plan, Stage
from plans.public_list import FRESH_SECONDS, PATIENCE_SECONDS, keeper

pytestmark = pytest.mark.django_db

ADDRESSES = ["/plans", "/plans/", "/api/plans", "/api/plans/"]
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 }}'


@pytest.fixture(autouse=True)
def _new_process():
    keeper.forget()
    yield
    keeper.forget()


def on_sale(code="basic", **values):
    values = {"name_fa": "پایه", "name_en": "Basic", "price_rials": 250_000_000, **values}
    return Plan.objects.create(code=code, stage=Stage.AVAILABLE, is_available_for_purchase=True, **values)


def client_reading(language):
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


def page(language="en"):
    return client_reading(language).get("/plans").content.decode()


def codes():
    return [plan["code"] for plan in Client().get("/api/plans").json()["plans"]]


def test_only_what_is_on_sale_is_shown_cheapest_first():
    on_sale("premium", price_rials=900)
    on_sale("basic", price_rials=300)
    for stage in (Stage.DRAFT, Stage.BETA, Stage.DISABLED, Stage.RETIRED):
        Plan.objects.create(code=stage, name_fa=f"fa-{stage}", name_en=f"en-{stage}", price_rials=1, stage=stage)
    Plan.objects.create(code="free", name_fa="x", name_en="no price", stage=Stage.AVAILABLE,
                        is_available_for_purchase=True)  # fmt: skip
    assert codes() == ["basic", "premium"]
    for hidden in ("en-draft", "en-beta", "en-disabled", "en-retired", "no price"):
        assert hidden not in page()


def test_programs_get_names_in_both_languages_and_whole_rials():
    on_sale(entitlements={"people": 5000}, release_notes="<b>New</b>")
    response = Client().get("/api/plans")
    assert response["Content-Type"] == "application/json"
    assert response["Content-Language"] == "fa, en"
    assert response.json() == {
        "plans": [
            {
                "code": "basic",
                "name": {"fa": "پایه", "en": "Basic"},
                "price_rials": 250_000_000,
                "entitlements": {"people": 5000},
                "release_notes_html": "<b>New</b>",
            }
        ]
    }


@pytest.mark.parametrize(
    ("language", "direction", "name", "price"),
    [("fa", "rtl", "پایه", "250٬000٬000"), ("en", "ltr", "Basic", "250,000,000")],
)
def test_people_read_the_page_in_their_language(language, direction, name, price):
    on_sale(entitlements={"people": 5000, "sms_messages": 12})
    response = client_reading(language).get("/plans")
    text = response.content.decode()
    assert response["Content-Language"] == language
    assert "Cookie" in response["Vary"]
    assert f'<html lang="{language}" dir="{direction}">' in text
    assert name in text
    assert price in text
    assert "sms messages" in text
    assert "<script" not in text


def test_a_link_leads_to_the_other_language_without_a_cookie():
    on_sale()
    assert 'href="?language=en"' in Client().get("/plans").content.decode()
    response = Client().get("/plans?language=en")
    assert (response["Content-Language"], "Basic" in response.content.decode()) == ("en", True)
    assert Client().get("/plans?language=xx")["Content-Language"] == "fa"


def test_what_a_plan_allows_is_said_in_words():
    on_sale(entitlements={"people": 5000, "broadcasts": 1})
    assert "Up to 5,000 people" in page()
    assert "Up to 1 broadcast<" in page()


def test_with_nothing_on_sale_the_page_says_so():
    assert "No plan is on sale now." in page()
    assert codes() == []


@pytest.mark.parametrize("language", ["fa", "en"])
def test_hostile_names_and_notes_are_only_text(language):
    on_sale(name_fa=HOSTILE, name_en=HOSTILE, release_notes=f"<p>fine</p>{HOSTILE}", entitlements={"people": 1})
    text = page(language)
    assert "<p>fine</p>" in text
    assert "<script" not in text
    assert "<img" not in text
    assert "{{ 7 }}" in text
    assert "<script" not in Client().get("/api/plans").json()["plans"][0]["release_notes_html"]


def test_notes_of_any_length_do_not_take_the_list_down():
    on_sale(release_notes="<b>" * 30_000)
    assert codes() == ["basic"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_fresh_copy_asks_no_database(address, django_assert_num_queries):
    on_sale()
    with django_assert_num_queries(1):
        Client().get(address)
    with django_assert_num_queries(0):
        for _request in range(3):
            assert Client().get(address).status_code == 200


@pytest.mark.parametrize("change", ["update", "save", "delete"])
def test_a_change_shows_when_the_copy_is_no_longer_fresh_however_it_was_made(change, monkeypatch):
    plan = on_sale()
    assert codes() == ["basic"]
    if change == "update":
        Plan.objects.update(stage=Stage.DISABLED, is_available_for_purchase=False)
    elif change == "save":
        plan.stage, plan.is_available_for_purchase = Stage.RETIRED, False
        plan.save()
    else:
        plan.delete()
    _let_the_copy_age(monkeypatch)
    assert codes() == []


def test_the_copy_is_young_enough_for_the_promise():
    assert FRESH_SECONDS + PATIENCE_SECONDS < 1


def _let_the_copy_age(monkeypatch):
    monkeypatch.setattr(keeper, "_ask_again_at", 0.0)


@pytest.mark.parametrize("address", ADDRESSES)
def test_who_has_the_bytes_is_not_sent_them_again(address, monkeypatch):
    plan = on_sale()
    first = Client().get(address)
    assert first["ETag"].startswith('"')  # strong
    assert first["Cache-Control"] == "public, no-cache"
    _let_the_copy_age(monkeypatch)
    again = Client().get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    plan.price_rials += 1
    plan.save()
    _let_the_copy_age(monkeypatch)
    changed = Client().get(address, headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_each_language_has_a_tag_of_its_own():
    on_sale()
    assert client_reading("fa").get("/plans")["ETag"] != client_reading("en").get("/plans")["ETag"]


def test_every_process_has_the_same_tag_for_the_same_plans():
    on_sale(entitlements={"people": 1, "broadcasts": 2})
    first = Client().get("/api/plans")["ETag"]
    keeper.forget()
    assert Client().get("/api/plans")["ETag"] == first


@pytest.mark.parametrize("address", ADDRESSES)
def test_head_has_the_headers_and_no_body(address):
    on_sale()
    whole, head = Client().get(address), Client().head(address)
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", whole["ETag"])
    assert head["Content-Length"] == str(len(whole.content))
    assert Client().post(address).status_code == 405


@pytest.mark.parametrize("address", ADDRESSES)
def test_nobody_gets_a_cookie(address):
    on_sale()
    assert not Client().get(address).cookies
    assert not Client().get(address, headers={"If-None-Match": "*"}).cookies


@pytest.mark.parametrize("address", ADDRESSES)
def test_anybody_may_look(address):
    assert Client(REMOTE_ADDR="203.0.113.9").get(address).status_code == 200
    assert resolve(address).namespaces == ["public-plans"]


def test_persian_stays_readable_in_the_document_for_programs():
    on_sale()
    content = Client().get("/api/plans").content
    assert "پایه" in content.decode()
    assert json.loads(content)


def test_another_readers_language_is_not_left_behind():
    on_sale()
    with override("en"):
        keeper.forget()
        assert 'lang="fa"' in client_reading("fa").get("/plans").content.decode()
