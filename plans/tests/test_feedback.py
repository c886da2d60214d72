"""What users of a plan told us, and what its test period looks like over time."""

import datetime as dt
import html
import re

import pytest
import time_machine
from django.test import Client

from accounts.models import Candidate
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from common.errors import DomainError
from plans.models import BetaFeedback, Plan, Subscription
from plans.services import create_plan, migrate_users_to_new_plan
from plans.services.feedback import add_feedback, close_feedback

NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
PROBLEM, TICKET = BetaFeedback.Kind.TECHNICAL_PROBLEM, BetaFeedback.Kind.TICKET

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def basic() -> Plan:
    return create_plan(code="basic", name_fa="پایه", name_en="Basic", price_rials=100, actor=None)


@pytest.fixture
def candidate() -> Candidate:
    return make_candidate("sara", city="tehran")


def english(*roles: Role, **scope: object) -> Client:
    client = sign_in(make_staff(*roles, **scope))  # type: ignore[arg-type]
    client.cookies["django_language"] = "en"
    return client


def drawn(client: Client, plan: Plan, days: int = 14) -> dict[str, list[int]]:
    """The counts of each day by the title of their chart."""
    shown = client.get(f"/admin/plans/{plan.pk}/watch?days={days}").content.decode()
    charts = re.findall(r"<figcaption><a [^>]+>(.+?)</a>.*?</figure>", shown, flags=re.DOTALL)
    bodies = re.findall(r"<figcaption>.*?</figure>", shown, flags=re.DOTALL)
    return {
        title: [int(count) for count in re.findall(r"<title>[^<]*: (\d+)</title>", body)]
        for title, body in zip(charts, bodies, strict=True)
    }


def test_support_writes_down_what_was_told_and_closes_it(basic: Plan, candidate: Candidate) -> None:
    client = english(Role.SUPPORT)
    values = {"plan": basic.pk, "kind": PROBLEM, "candidate": candidate.pk, "text": "The bot is silent."}
    assert client.post("/admin/plans/betafeedback/add/", values).status_code == 302
    feedback = BetaFeedback.objects.get()
    assert (feedback.text, feedback.closed_at) == ("The bot is silent.", None)

    chosen = {"action": "close_chosen", "_selected_action": feedback.pk}
    assert "One was closed." in client.post("/admin/plans/betafeedback/", chosen, follow=True).content.decode()
    feedback.refresh_from_db()
    assert feedback.closed_at == NOW


def test_what_was_told_stays_as_it_was_told(basic: Plan, candidate: Candidate) -> None:
    feedback = add_feedback(plan_code="basic", candidate=candidate, kind=TICKET, text="x", actor=None)
    client = english(Role.OWNER)
    assert client.post(f"/admin/plans/betafeedback/{feedback.pk}/change/", {"text": "y"}).status_code == 403
    assert client.post(f"/admin/plans/betafeedback/{feedback.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(("kind", "text"), [("praise", "x"), (TICKET, "  ")])
def test_nonsense_is_refused(basic: Plan, candidate: Candidate, kind: str, text: str) -> None:
    with pytest.raises(DomainError) as refused:
        add_feedback(plan_code="basic", candidate=candidate, kind=kind, text=text, actor=None)
    assert refused.value.code == "feedback-invalid"


def test_closing_twice_is_told(basic: Plan, candidate: Candidate) -> None:
    feedback = add_feedback(plan_code="basic", candidate=candidate, kind=TICKET, text="x", actor=None)
    close_feedback(feedback_id=feedback.pk, actor=None)
    with pytest.raises(DomainError) as refused:
        close_feedback(feedback_id=feedback.pk, actor=None)
    assert refused.value.code == "already-closed"


def test_limited_staff_write_about_their_own_candidates_only(basic: Plan, candidate: Candidate) -> None:
    staff = make_staff(Role.SUPPORT, regions=["isfahan"])
    with pytest.raises(DomainError) as refused:
        add_feedback(plan_code="basic", candidate=candidate, kind=TICKET, text="x", actor=staff)
    assert refused.value.code == "outside-scope"


def test_the_test_period_is_drawn_day_by_day_as_in_tehran(basic: Plan, candidate: Candidate, clock) -> None:
    # 20:29 and 20:31 UTC are the evening of one day and the first minute of the next in Tehran.
    for moment in ("2026-11-20T20:29:00Z", "2026-11-20T20:31:00Z", "2026-11-22T07:00:00Z"):
        with time_machine.travel(moment, tick=False):
            add_feedback(plan_code="basic", candidate=candidate, kind=PROBLEM, text="x", actor=None)
    Subscription.objects.create(plan=basic, candidate=candidate, price_rials=100)
    charts = drawn(english(Role.RELEASE_MANAGER), basic)
    assert charts["Technical problems"] == [0] * 11 + [1, 1, 1]
    assert charts["Purchases"] == [0] * 13 + [1]
    assert charts["Opinions"] == [0] * 14
    for days in (21, 28):
        assert len(drawn(english(Role.OWNER), basic, days=days)["Purchases"]) == days


def test_each_drawing_leads_to_the_list_that_it_counts(basic: Plan, candidate: Candidate) -> None:
    for kind in (PROBLEM, TICKET):
        add_feedback(plan_code="basic", candidate=candidate, kind=kind, text=f"a {kind}", actor=None)
    client = english(Role.SUPPORT)
    shown = client.get(f"/admin/plans/{basic.pk}/watch").content.decode()
    address = html.unescape(re.findall(r'<a href="([^"]+)">Technical problems</a>', shown)[0])
    assert [row.kind for row in client.get(address).context["cl"].queryset] == [PROBLEM]


def test_who_was_moved_to_a_plan_has_not_bought_it(basic: Plan, candidate: Candidate) -> None:
    gold = create_plan(code="gold", name_fa="طلایی", name_en="Gold", price_rials=200, actor=None)
    Subscription.objects.create(plan=basic, candidate=candidate, price_rials=100)
    Subscription.objects.create(plan=gold, candidate=make_candidate("reza"), price_rials=200)
    migrate_users_to_new_plan(old_code="basic", new_code="gold", reason="x", actor=None)
    assert Subscription.objects.filter(plan=gold).count() == 2
    assert sum(drawn(english(Role.OWNER), gold)["Purchases"]) == 1
    assert sum(drawn(english(Role.OWNER), basic)["Purchases"]) == 1, "the old plan was bought, whatever came after"


def test_open_problems_are_pointed_out(basic: Plan, candidate: Candidate) -> None:
    feedback = add_feedback(plan_code="basic", candidate=candidate, kind=PROBLEM, text="x", actor=None)
    client = english(Role.OWNER)
    page = f"/admin/plans/{basic.pk}/watch"
    assert "1 technical problem is open." in client.get(page).content.decode()
    close_feedback(feedback_id=feedback.pk, actor=None)
    assert "is open" not in client.get(page).content.decode()


def test_limited_staff_see_what_belongs_to_their_candidates(basic: Plan, candidate: Candidate) -> None:
    Subscription.objects.create(plan=basic, candidate=candidate, price_rials=100)
    assert sum(drawn(english(Role.OWNER, regions=["isfahan"]), basic)["Purchases"]) == 0
    assert sum(drawn(english(Role.OWNER, regions=["tehran"]), basic)["Purchases"]) == 1


def test_operations_do_not_see_it_nor_a_link_to_it(basic: Plan) -> None:
    page = f"/admin/plans/{basic.pk}/watch"
    assert english(Role.OPERATIONS).get(page).status_code == 403
    assert page not in english(Role.OPERATIONS).get("/admin/plans/release-manager").content.decode()
    assert page in english(Role.SUPPORT).get("/admin/plans/release-manager").content.decode()
