"""What a discount comes to, and which spellings of a code are the same."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.discounts import CampaignState, campaign_state, code_key, discounted_price
from plans.models import DiscountCampaign

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
PRICES = st.integers(min_value=0, max_value=2**63 - 1)
LETTERS = "abcdefghijklmnopqrstuvwxyzپچجحخدسشعغفقلمنوهی"
DIGITS = ("0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９")
BETWEEN = ("", " ", "-", "–", "\u200c", "\u00a0", "\u200f", " - ")


@st.composite
def two_spellings(draw: st.DrawFn) -> tuple[str, str]:
    """The same code, as two people might type it."""
    signs = draw(st.lists(st.one_of(st.sampled_from(LETTERS), st.integers(0, 9)), min_size=1, max_size=20))
    return _spelled(draw, signs), _spelled(draw, signs)


def _spelled(draw: st.DrawFn, signs: list[str | int]) -> str:
    typed = ""
    for sign in signs:
        if isinstance(sign, int):
            typed += draw(st.sampled_from(DIGITS))[sign]
        else:
            typed += draw(st.sampled_from([sign, sign.upper(), {"ی": "ي"}.get(sign, sign)]))
        typed += draw(st.sampled_from(BETWEEN))
    return typed


@given(two_spellings())
def test_codes_are_equal_in_all_digits_cases_and_groupings(spellings):
    first, second = spellings
    assert code_key(first) == code_key(second) != ""


@pytest.mark.parametrize("other", ["NOWRUZ-1406", "NOWRUZ-140", "NOROUZ-1405", "", "---"])
def test_other_codes_are_other_codes(other):
    assert code_key("NOWRUZ-1405") != code_key(other)


@given(PRICES, st.sampled_from(DiscountCampaign.Kind), st.integers(min_value=0, max_value=2**63 - 1))
def test_a_price_never_falls_below_zero_and_never_rises(price, kind, value):
    assert 0 <= discounted_price(price_rials=price, kind=kind, value=value) <= price


@given(PRICES, st.integers(min_value=1, max_value=100))
def test_per_cent_are_exact_to_the_rial(price, value):
    reduced = discounted_price(price_rials=price, kind="percent", value=value)
    assert 0 <= reduced * 100 - price * (100 - value) < 100


@pytest.mark.parametrize(
    ("price", "kind", "value", "reduced"),
    [
        (250_000_000, "percent", 20, 200_000_000),
        (10, "percent", 33, 7),
        (250_000_000, "percent", 100, 0),
        (250_000_000, "amount", 50_000_000, 200_000_000),
        (250_000_000, "amount", 300_000_000, 0),
        (0, "amount", 5, 0),
    ],
)
def test_discounts(price, kind, value, reduced):
    assert discounted_price(price_rials=price, kind=kind, value=value) == reduced


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, CampaignState.RUNNING),
        ({"starts_at": NOW}, CampaignState.RUNNING),
        ({"starts_at": NOW + HOUR, "ends_at": NOW + 2 * HOUR}, CampaignState.TO_COME),
        ({"ends_at": NOW}, CampaignState.OVER),
        ({"use_count": 3}, CampaignState.USED_UP),
        ({"use_count": 3, "uses_at_most": None}, CampaignState.RUNNING),
        ({"use_count": 3, "ends_at": NOW}, CampaignState.OVER),
        ({"is_active": False, "use_count": 3, "ends_at": NOW}, CampaignState.OFF),
    ],
)
def test_how_a_campaign_stands(changes, state):
    usual = {"starts_at": NOW - HOUR, "ends_at": NOW + HOUR, "uses_at_most": 3}
    assert campaign_state(DiscountCampaign(**{**usual, **changes}), NOW) == state
