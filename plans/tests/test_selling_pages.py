"""The pages on which staff sell a plan and end a subscription, over HTTP."""

import pytest
import time_machine

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from plans.models import BetaTester, CampaignUse, Stage, Subscription
from plans.services import disable_plan, subscribe, toggle_campaign
from plans.testing import make_campaign, make_plan

pytestmark = pytest.mark.django_db
SELL = "/admin/plans/subscriptions/sell"


@pytest.fixture
def plan():
    return make_plan("basic", price_rials=1_000_000)


@pytest.fixture
def sara():
    return make_candidate("sara", name="Sara")


@pytest.fixture
def seller():
    return browser(make_staff(Role.RELEASE_MANAGER))


def browser(user, language="en"):
    client = sign_in(user)
    client.cookies["django_language"] = language
    return client


def sell_to(candidate):
    return f"{SELL}?candidate={candidate.pk}"


def end_page(subscription):
    return f"/admin/plans/subscriptions/{subscription.pk}/end"


def quoted(client, candidate, plan, **fields):
    """The page after the price was asked for."""
    return client.post(sell_to(candidate), {"plan": plan.pk, **fields})


def sell(client, candidate, plan, price, **fields):
    values = {"plan": plan.pk, "agreed_price_rials": price, "sell": "1", **fields}
    return client.post(sell_to(candidate), values, follow=True)


def refusals(response):
    """The words at the form; nothing may have been sold."""
    assert not Subscription.objects.exists()
    assert not CampaignUse.objects.exists()
    assert not AuditLog.objects.filter(action="plans.subscription.add").exists()
    return [str(error) for errors in response.context["form"].errors.values() for error in errors]


def told(response):
    return [str(message) for message in response.context["messages"]]


# Selling


def test_the_plans_that_the_candidate_can_buy_now_are_offered_with_their_prices(plan, sara, seller):
    make_plan("draft", stage=Stage.DRAFT)
    BetaTester.objects.create(plan=make_plan("tested", stage=Stage.BETA, price_rials=2_500_000), candidate=sara)

    page = seller.get(sell_to(sara)).content.decode()

    assert "Basic – 1,000,000 rials" in page
    assert "Tested – 2,500,000 rials" in page
    assert "Draft" not in page


@pytest.mark.parametrize(("language", "direction", "day"), [("en", "ltr", "2025-11-22"), ("fa", "rtl", "1404/09/01")])
def test_the_pages_are_drawn_for_the_readers_language(plan, sara, language, direction, day):
    with time_machine.travel("2025-11-22T09:00Z", tick=False):
        subscription = subscribe(candidate=sara, plan_code="basic", actor=None)
        client = browser(make_staff(Role.RELEASE_MANAGER), language)
        pages = [client.get(address).content.decode() for address in (SELL, sell_to(sara), end_page(subscription))]

    assert all(f'<html lang="{language}" dir="{direction}"' in page for page in pages)
    assert f"{day} 12:30" in pages[2]


def test_the_price_is_shown_first_and_nothing_is_sold_yet(plan, sara, seller):
    campaign = make_campaign(plan, code="NOWRUZ-1405", kind="percent", value=20)

    page = quoted(seller, sara, plan, campaign_code="nowruz ۱۴۰۵")

    quote = page.context["quote"]
    assert (quote.price_rials, quote.saved_rials, quote.to_pay_rials) == (1_000_000, 200_000, 800_000)
    assert "800,000" in page.content.decode()
    assert 'name="agreed_price_rials" value="800000"' in page.content.decode()
    campaign.refresh_from_db()
    assert (campaign.use_count, refusals(page)) == (0, [])


def test_what_was_shown_is_sold_on_confirm(plan, sara, seller):
    make_campaign(plan, code="NOWRUZ-1405", kind="percent", value=20)

    response = sell(seller, sara, plan, 800_000, campaign_code="NOWRUZ-1405")

    subscription = Subscription.objects.get()
    assert (subscription.candidate, subscription.plan, subscription.price_rials) == (sara, plan, 800_000)
    assert response.redirect_chain == [(f"/admin/plans/subscription/{subscription.pk}/change/", 302)]
    assert told(response) == ["Sara has the plan Basic now."]
    assert CampaignUse.objects.get().saved_rials == 200_000
    assert AuditLog.objects.get(action="plans.subscription.add").actor_label.startswith("staff-")


def test_a_sale_without_a_price_that_was_shown_only_shows_it(plan, sara, seller):
    page = seller.post(sell_to(sara), {"plan": plan.pk, "sell": "1"})

    assert page.context["quote"].to_pay_rials == 1_000_000
    assert refusals(page) == []


def test_a_price_that_changed_meanwhile_is_refused_with_both_prices(plan, sara, seller):
    plan.price_rials = 1_200_000
    plan.save()

    words = refusals(sell(seller, sara, plan, 1_000_000))

    assert words == [
        "The price has changed: it is 1,200,000 rials now, not 1,000,000. Nothing was sold; look at it again."
    ]


def test_a_discount_that_was_switched_off_meanwhile_is_refused_at_its_field(plan, sara, seller):
    campaign = make_campaign(plan, code="NOWRUZ")
    toggle_campaign(campaign_id=campaign.pk, actor=None)

    response = sell(seller, sara, plan, 800_000, campaign_code="NOWRUZ")

    assert refusals(response) == ["This discount has been switched off."]
    assert "campaign_code" in response.context["form"].errors


@pytest.mark.parametrize("code", ["nothing", " - "])
def test_a_code_that_is_no_campaigns_is_refused(plan, sara, seller, code):
    assert refusals(quoted(seller, sara, plan, campaign_code=code + "x")) == ["There is no discount with this code."]


def test_a_plan_that_was_taken_off_sale_meanwhile_is_refused(plan, sara, seller):
    disable_plan(plan_code="basic", reason="x", actor=None)

    answer = sell(seller, sara, plan, 1_000_000)

    assert refusals(answer)
    assert "There is no plan that this candidate can buy now." in answer.content.decode()


def test_who_has_a_plan_already_is_led_to_it(plan, sara, seller):
    running = subscribe(candidate=sara, plan_code="basic", actor=None)

    page = seller.get(sell_to(sara)).content.decode()
    sell(seller, sara, plan, 1_000_000)

    assert "End that subscription first." in page
    assert f"/admin/plans/subscription/{running.pk}/change/" in page
    assert Subscription.objects.count() == 1


def test_a_candidate_for_whom_nothing_is_on_sale_is_told_so(sara, seller):
    assert "There is no plan that this candidate can buy now." in seller.get(sell_to(sara)).content.decode()


@pytest.mark.parametrize("number", ["0", "abc", "", "9" * 30])
def test_an_unknown_candidate_is_told_at_the_form(plan, seller, number):
    page = seller.get(SELL, {"candidate": number})
    assert (page.status_code, list(page.context["buyer"].errors)) == (200, ["candidate"])


def test_candidates_are_found_as_one_types(seller, sara):
    query = {"app_label": "plans", "model_name": "subscription", "field_name": "candidate", "term": "sar"}
    assert [found["text"] for found in seller.get("/admin/autocomplete/", query).json()["results"]] == ["Sara"]


# Ending


def test_ending_asks_why_and_then_ends(plan, sara, seller):
    subscription = subscribe(candidate=sara, plan_code="basic", actor=None)

    assert "reason" in seller.post(end_page(subscription), {"reason": " "}).context["form"].errors
    assert not Subscription.objects.exclude(ended_at=None).exists()
    response = seller.post(end_page(subscription), {"reason": "Withdrew"}, follow=True)

    assert not Subscription.objects.filter(ended_at=None).exists()
    assert told(response) == ["Sara doesn't have the plan Basic any more."]
    assert AuditLog.objects.get(action="plans.subscription.end").details["reason"] == "Withdrew"


def test_what_has_ended_is_not_ended_again(plan, sara, seller):
    subscription = subscribe(candidate=sara, plan_code="basic", actor=None)
    seller.post(end_page(subscription), {"reason": "Withdrew"})

    assert "<form" not in seller.get(end_page(subscription)).content.decode().split('id="content-main"')[1]
    again = seller.post(end_page(subscription), {"reason": "again"})

    assert [str(error) for error in again.context["form"].non_field_errors()] == [
        "This subscription has ended already."
    ]
    assert AuditLog.objects.filter(action="plans.subscription.end").count() == 1


# Where the buttons are


def test_the_buttons_stand_where_they_are_looked_for(plan, sara, seller):
    subscription = subscribe(candidate=sara, plan_code="basic", actor=None)
    page = f"/admin/plans/subscription/{subscription.pk}/change/"

    assert SELL in seller.get("/admin/plans/subscription/").content.decode()
    assert end_page(subscription) in seller.get(page).content.decode()
    assert (
        sell_to(sara)
        in browser(make_staff(Role.OWNER)).get(f"/admin/accounts/candidate/{sara.pk}/change/").content.decode()
    )
    seller.post(end_page(subscription), {"reason": "x"})
    assert end_page(subscription) not in seller.get(page).content.decode()


# Who may


@pytest.mark.parametrize("role", list(Role))
def test_owners_and_release_managers_sell_and_end(plan, sara, role):
    may = role in (Role.OWNER, Role.RELEASE_MANAGER)
    subscription = subscribe(candidate=make_candidate("reza"), plan_code="basic", actor=None)
    client = browser(make_staff(role))

    for address in (SELL, sell_to(sara), end_page(subscription)):
        assert (client.get(address).status_code == 200) is may
    if not may:
        assert client.post(sell_to(sara), {"plan": plan.pk, "sell": "1"}).status_code == 403
        assert client.post(end_page(subscription), {"reason": "x"}).status_code == 403
        assert SELL not in client.get("/admin/plans/subscription/").content.decode()


def test_limited_staff_sell_to_and_end_for_their_candidates_only(plan, sara):
    other = make_candidate("other", name="Other")
    foreign = subscribe(candidate=make_candidate("third"), plan_code="basic", actor=None)
    client = browser(make_staff(Role.RELEASE_MANAGER, candidates=[sara]))

    assert list(client.get(sell_to(other)).context["buyer"].errors) == ["candidate"]
    assert "Other" not in sell(client, other, plan, 1_000_000).content.decode()
    assert not Subscription.objects.filter(candidate=other).exists()
    assert client.get(end_page(foreign)).status_code == client.post(end_page(foreign)).status_code == 404
    sell(client, sara, plan, 1_000_000)
    assert Subscription.objects.filter(candidate=sara).exists()
