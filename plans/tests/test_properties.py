"""Whatever is done to plans in whatever order: nothing is lost or doubled, and everything can be told afterwards."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.testing import make_candidate
from audit.models import AuditLog
from common.errors import DomainError
from plans import services
from plans.models import (
    BetaTester,
    CampaignUse,
    DiscountCampaign,
    Plan,
    PlanReleaseHistory,
    Stage,
    SubscriberMove,
    SubscriberMoveRow,
    Subscription,
)
from plans.selectors import check_plan_availability

pytestmark = pytest.mark.django_db

BEGIN = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
CODES = ("basic", "standard", "premium")
plan_codes = st.sampled_from(CODES)
numbers = st.integers(0, 3)
buyers = st.sets(st.integers(0, 9), min_size=2, max_size=4)


@dataclass
class Bought:
    """A subscription as it should be."""

    candidate: int
    plan: str
    price_rials: int
    is_running: bool = True


@dataclass
class Moved:
    """Whom a move should have moved, and how often it may be told in the log."""

    old: str
    new: str
    subscriptions: list[int]
    until: dt.datetime
    acts: int = 2
    returned: list[int] = field(default_factory=list)

    @property
    def is_undone(self) -> bool:
        return self.acts == 4

    def stayed(self) -> list[int]:
        """Those whom it has moved and not moved back."""
        return [one for one in self.subscriptions if one not in self.returned]


class Plans(RuleBasedStateMachine):
    """All services that change plans, in any order, with time going on between them; beside a model in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.clock = time_machine.travel(BEGIN, tick=False)
        self.now = self.clock.start()
        self.bought: dict[int, Bought] = {}
        self.moves: dict[int, Moved] = {}
        self.toggles = 0
        self.candidates = [make_candidate() for _number in range(10)]
        self.last_audit_row = AuditLog.objects.order_by("pk").values_list("pk", flat=True).last() or 0
        for code, price in zip(CODES, (100, 250, 7), strict=True):
            services.create_plan(code=code, name_fa=code, name_en=code, price_rials=price, actor=None)

    def teardown(self) -> None:
        self.clock.stop()
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    def attempt(self, service, **values):
        """What the service gives; None where it refuses, which must leave nothing behind."""
        before = self.rows()
        try:
            return service(**values)
        except DomainError:
            assert self.rows() == before
            return None

    def rows(self) -> list[int]:
        models = (AuditLog, PlanReleaseHistory, BetaTester, Subscription, CampaignUse, DiscountCampaign, SubscriberMove)
        return [model.objects.count() for model in models]

    @initialize(on_sale=st.sets(plan_codes, min_size=1), buyers=buyers)
    def begin(self, on_sale, buyers):
        """Without this most sequences would sell nothing, and so move nobody."""
        for code in sorted(on_sale):
            services.enable_plan(plan_code=code, enabled_by=None)
        self.subscribe(min(on_sale), buyers, None)

    @rule(hours=st.integers(1, 60))
    def let_time_pass(self, hours):
        self.now.shift(hours * HOUR)
        services.release_due_plans()

    @rule(code=plan_codes)
    def enable(self, code):
        self.attempt(services.enable_plan, plan_code=code, enabled_by=None)

    @rule(code=plan_codes)
    def disable(self, code):
        self.attempt(services.disable_plan, plan_code=code, reason="x", actor=None)

    @rule(code=plan_codes, hours=st.integers(0, 40))
    def schedule(self, code, hours):
        moment = dt.datetime.now(dt.UTC) + hours * HOUR
        self.attempt(services.schedule_plan_release, plan_code=code, release_date=moment, actor=None)

    @rule(code=plan_codes)
    def cancel(self, code):
        self.attempt(services.cancel_plan_release, plan_code=code, reason="x", actor=None)

    @rule(code=plan_codes, dice=st.integers(1, 6))
    def retire(self, code, dice):
        if dice == 6:  # there is no way back, so seldom
            self.attempt(services.retire_plan, plan_code=code, reason="x", actor=None)

    @rule(code=plan_codes, price=st.sampled_from([None, 0, 5, 100, 300, 10**12]))
    def set_price(self, code, price):
        Plan.objects.filter(code=code).update(price_rials=price)

    @rule(code=plan_codes, number=st.integers(0, 9))
    def add_tester(self, code, number):
        candidate = self.candidates[number]
        if self.attempt(services.add_beta_tester, candidate=candidate, plan_code=code, actor=None):
            self.sell(code, candidate, None)

    @precondition(lambda self: BetaTester.objects.exists())
    @rule(number=numbers)
    def remove_tester(self, number):
        tester = BetaTester.objects.order_by("pk")[number % BetaTester.objects.count()]
        self.attempt(services.remove_beta_tester, tester_id=tester.pk, reason="x", actor=None)

    @rule(
        terms=st.sampled_from([("percent", 33), ("percent", 100), ("amount", 120)]),
        uses_at_most=st.none() | st.integers(1, 2),
        uses_per_candidate=st.integers(1, 2),
        codes=st.sets(plan_codes, min_size=1),
        hours=st.integers(20, 200),
        buyers=buyers,
    )
    def create_campaign(self, terms, uses_at_most, uses_per_candidate, codes, hours, buyers):
        now = dt.datetime.now(dt.UTC)
        name = f"code{DiscountCampaign.objects.count()}"
        campaign = self.attempt(
            services.create_campaign, name=name, code=name, kind=terms[0], value=terms[1],
            plans=list(Plan.objects.filter(code__in=codes)), starts_at=now, ends_at=now + hours * HOUR,
            uses_at_most=uses_at_most, uses_per_candidate=uses_per_candidate, actor=None,
        )  # fmt: skip
        assert campaign is not None
        for number in sorted(buyers):
            self.sell(min(codes), self.candidates[number], int(name.removeprefix("code")))

    @precondition(lambda self: DiscountCampaign.objects.exists())
    @rule(number=numbers)
    def toggle_campaign(self, number):
        campaign = DiscountCampaign.objects.order_by("pk")[number % DiscountCampaign.objects.count()]
        assert services.toggle_campaign(campaign_id=campaign.pk, actor=None).is_active != campaign.is_active
        self.toggles += 1

    @rule(code=plan_codes, buyers=buyers, campaign=st.none() | numbers)
    def subscribe(self, code, buyers, campaign):
        for number in sorted(buyers):
            self.sell(code, self.candidates[number], campaign)

    def sell(self, code, candidate, campaign):
        code_of_campaign = "" if campaign is None else f"code{campaign % max(1, DiscountCampaign.objects.count())}"
        could_buy = check_plan_availability(code, candidate).is_available
        price = Plan.objects.get(code=code).price_rials
        sold = self.attempt(
            services.subscribe,
            candidate=candidate,
            plan_code=code,
            campaign_code=code_of_campaign,
            actor=None,
        )
        if sold:
            assert could_buy
            assert sold.price_rials + (sold.campaign_use.saved_rials if sold.campaign_use else 0) == price
            assert not any(one.is_running and one.candidate == candidate.pk for one in self.bought.values())
            self.bought[sold.pk] = Bought(candidate.pk, code, sold.price_rials)

    @precondition(lambda self: self.bought)
    @rule(number=numbers)
    def end(self, number):
        pk = sorted(self.bought)[-1 - number % len(self.bought)]
        if self.attempt(services.end_subscription, subscription_id=pk, reason="x", actor=None):
            assert self.bought[pk].is_running
            self.bought[pk].is_running = False

    @rule(number=numbers, new=plan_codes)
    def move(self, number, new):
        had = sorted({one.plan for one in self.bought.values() if one.is_running}) or CODES
        old = had[number % len(had)]
        done = self.attempt(services.migrate_users_to_new_plan, old_code=old, new_code=new, reason="x", actor=None)
        if done:
            there = [pk for pk, one in self.bought.items() if one.is_running and one.plan == old]
            for pk in there:
                self.bought[pk].plan = new
            assert (done.before_count, done.moved_count) == (len(there), len(there))
            self.moves[done.pk] = Moved(old, new, there, done.undo_until)

    @precondition(lambda self: self.moves)
    @rule(number=numbers)
    def undo(self, number):
        pk = sorted(self.moves)[-1 - number % len(self.moves)]
        move = self.moves[pk]
        could_be = not move.is_undone and dt.datetime.now(dt.UTC) < move.until
        undone = self.attempt(services.undo_move, move_id=pk, reason="x", actor=None)
        assert bool(undone) == could_be
        if undone:
            later = {one for number, other in self.moves.items() if number > pk for one in other.stayed()}
            for one in move.subscriptions:
                if self.bought[one].is_running and self.bought[one].plan == move.new and one not in later:
                    self.bought[one].plan = move.old
                    move.returned.append(one)
            move.acts = 4
            assert undone.returned_count == len(move.returned)

    @invariant()
    def no_subscription_is_lost_or_doubled_and_each_keeps_its_price(self):
        rows = Subscription.objects.values_list("pk", "candidate", "plan__code", "price_rials", "ended_at")
        found = {pk: Bought(buyer, plan, price, ended is None) for pk, buyer, plan, price, ended in rows}
        assert found == self.bought
        assert all(one.price_rials >= 0 for one in found.values())
        running = Counter(one.candidate for one in found.values() if one.is_running)
        assert all(number == 1 for number in running.values())

    @invariant()
    def each_plan_has_one_stage_to_which_its_history_replays(self):
        reached = dict.fromkeys(CODES, str(Stage.DRAFT))
        for row in PlanReleaseHistory.objects.order_by("pk"):
            assert row.stage_before == reached[row.plan_code]
            reached[row.plan_code] = row.stage_after
        for plan in Plan.objects.all():
            assert plan.stage == reached[plan.code]
            assert plan.is_available_for_purchase == (plan.stage == Stage.AVAILABLE)
            assert (plan.release_scheduled_at is not None) == (plan.stage == Stage.SCHEDULED)
            if plan.stage == Stage.BETA:
                assert BetaTester.objects.filter(plan=plan, left_at=None).exists()

    @invariant()
    def caps_hold(self):
        uses = Counter(CampaignUse.objects.values_list("campaign", "candidate"))
        for campaign in DiscountCampaign.objects.all():
            of_candidates = [number for (pk, _candidate), number in uses.items() if pk == campaign.pk]
            assert campaign.use_count == sum(of_candidates)
            assert campaign.uses_at_most is None or campaign.use_count <= campaign.uses_at_most
            assert all(number <= campaign.uses_per_candidate for number in of_candidates)

    @invariant()
    def each_move_accounts_for_everybody(self):
        rows = Counter(SubscriberMoveRow.objects.values_list("move", "outcome"))
        for move in SubscriberMove.objects.all():
            returned, kept = rows[move.pk, "returned"], rows[move.pk, "kept"]
            assert move.before_count == move.moved_count + move.skipped_count + move.failed_count
            assert move.moved_count == rows[move.pk, "moved"] + returned + kept
            assert (move.returned_count, move.kept_count) == (returned, kept)

    @invariant()
    def each_change_has_its_row_in_the_audit_log(self):
        changes = len(CODES) + PlanReleaseHistory.objects.count() + self.toggles + DiscountCampaign.objects.count()
        changes += BetaTester.objects.count() + BetaTester.objects.exclude(left_at=None).count()
        changes += len(self.bought) + sum(not one.is_running for one in self.bought.values())
        changes += sum(move.acts for move in self.moves.values())
        assert AuditLog.objects.filter(pk__gt=self.last_audit_row).count() == changes


def test_whatever_is_done_to_plans_every_promise_holds():
    run_state_machine_as_test(
        Plans,
        settings=settings(
            max_examples=12, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
