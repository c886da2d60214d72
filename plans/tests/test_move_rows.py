"""The page of a move leads through all its rows, forwards and back, by outcome."""

import re

import pytest

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from plans import move_rows
from plans.models import SubscriberMove, SubscriberMoveRow
from plans.testing import make_plan
from plans.tests.subscribers import subscribe_many

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    client = sign_in(make_staff(Role.SUPPORT))
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def move(monkeypatch):
    """A move of seven: five moved, one skipped, one whom the database refused; three rows are a page."""
    monkeypatch.setattr(move_rows, "ROWS_PER_PAGE", 3)
    old, new = make_plan("basic"), make_plan("standard")
    move = SubscriberMove.objects.create(
        old_plan=old, new_plan=new, reason="x", state="done", before_count=7, moved_count=5, skipped_count=1,
        failed_count=1,
    )  # fmt: skip
    outcomes = ["moved", "moved", "skipped", "moved", "failed", "moved", "moved"]
    for subscription, outcome in zip(subscribe_many(old, len(outcomes)), outcomes, strict=True):
        why = {"skipped": "ended", "failed": "rule 7"}.get(outcome, "")
        SubscriberMoveRow.objects.create(move=move, subscription=subscription, outcome=outcome, why=why)
    return move


def page_of(move, query=""):
    return f"/admin/plans/migrate-users/{move.pk}{query}"


def shown(client, move, query=""):
    """The candidates on a page, and where its two links lead."""
    response = client.get(page_of(move, query))
    text = response.content.decode()
    links = {word: link.replace("&amp;", "&") for link, word in re.findall(r'href="([^"]*)">(Previous|Next)<', text)}
    return [row.subscription.candidate.code for row in response.context["page"].rows], links


def codes(move, *outcomes):
    rows = move.rows.filter(outcome__in=outcomes) if outcomes else move.rows
    return list(rows.order_by("subscription_id").values_list("subscription__candidate__code", flat=True))


def test_first_are_shown_those_who_were_left_with_the_reason(client, move):
    assert shown(client, move) == (codes(move, "skipped", "failed"), {})
    text = client.get(page_of(move)).content.decode()
    assert "the subscription has ended" in text
    assert "rule 7" in text


def test_all_rows_are_reached_page_by_page_and_back(client, move):
    everybody = codes(move)
    first, links = shown(client, move, "?outcome=all")
    assert (first, list(links)) == (everybody[:3], ["Next"])
    second, links = shown(client, move, links["Next"])
    assert (second, list(links)) == (everybody[3:6], ["Previous", "Next"])
    third, links = shown(client, move, links["Next"])
    assert (third, list(links)) == (everybody[6:], ["Previous"])
    second, links = shown(client, move, links["Previous"])
    assert (second, list(links)) == (everybody[3:6], ["Previous", "Next"])
    first, links = shown(client, move, links["Previous"])
    assert (first, list(links)) == (everybody[:3], ["Next"])


@pytest.mark.parametrize("outcome", ["moved", "skipped", "failed"])
def test_an_outcome_is_filtered_for_over_all_pages(client, move, outcome):
    found, query = [], f"?outcome={outcome}"
    while query:
        rows, links = shown(client, move, query)
        found += rows
        query = links.get("Next")
    assert found == codes(move, outcome)


def test_what_became_of_an_undoing_is_offered_only_where_there_was_one(client, move):
    assert "outcome=returned" not in client.get(page_of(move)).content.decode()
    SubscriberMove.objects.update(state="undone", returned_count=5)
    assert "outcome=returned" in client.get(page_of(move)).content.decode()


@pytest.mark.parametrize("query", ["?outcome=x", "?after=x", "?before=-1", "?after=" + "9" * 40, "?outcome=%00"])
def test_what_can_not_be_understood_shows_the_first_page(client, move, query):
    assert shown(client, move, query)[0] == codes(move, "skipped", "failed")


def test_nobody_is_told_as_nobody(client, move):
    move.rows.update(outcome="moved")
    assert "Nobody." in client.get(page_of(move)).content.decode()
