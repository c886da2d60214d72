"""Whatever is done to a track in whatever order: it never goes on without its guards, nor out of order."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_staff
from common.errors import DomainError
from plans.models import BetaFeedback, Plan, ReleaseTrack, ReleaseTrackStep, StepApproval, Subscription
from plans.services import disable_plan, enable_plan
from plans.services.track_steps import approve_step, take_step, tick_tracks, withdraw_approval
from plans.services.tracks import StepContent, change_step, pause_track, resume_track, set_takes_steps_itself
from plans.tests.tracks import CODES, NOW, ONE_DAY, Watch, buy, make_track, open_problem, times_put_on_sale
from plans.tracks import content_hash

pytestmark = pytest.mark.django_db

WAITING_DAYS, PURCHASES = 1, 1


@pytest.fixture
def people() -> list[User]:
    """Who writes the steps, and who approves them."""
    return [make_staff(Role.OWNER, username=name) for name in ("author", "second")]


class World:
    """A track whose steps ask for everything and are approved: the first is taken, the second could be."""

    def __init__(self, watch: Watch, clock, people: list[User]) -> None:
        self.watch, self.clock = watch, clock
        watch.active = ()
        self.author, self.second = people
        self.guards: dict[str, Any] = {
            "waiting_days": WAITING_DAYS,
            "purchases_at_least": PURCHASES,
            "problems_at_most": 0,
            "needs_second_person": True,
        }
        self.track = make_track(author=self.author, **self.guards)
        for step in self.steps():
            approve_step(step_id=step.pk, seen_hash=content_hash(step), actor=self.second)
        tick_tracks()
        buy(CODES[0])
        clock.shift(ONE_DAY)

    def steps(self) -> list[ReleaseTrackStep]:
        return list(self.track.steps.select_related("plan").order_by("position"))

    def act(self, name: str, further: int) -> None:
        """Do it to the next step, or to one `further` on; or to the plan that comes before, where guards look."""
        steps = self.steps()
        number = min(sum(step.taken_at is not None for step in steps) + further, 2)
        step, code, before = steps[number], steps[number].plan.code, steps[max(number - 1, 0)].plan.code
        seen: dict[str, Any] = {"step_id": step.pk, "seen_hash": content_hash(step)}
        acts: dict[str, Callable[[], object]] = {
            "tick": tick_tracks,
            "take": lambda: take_step(step_id=step.pk, actor=self.author),
            "a day": lambda: self.clock.shift(ONE_DAY),
            "buy": lambda: buy(before),
            "problem": lambda: open_problem(before),
            "solve": lambda: BetaFeedback.objects.update(closed_at=NOW),
            "alert": lambda: setattr(self.watch, "active", ("db",)),
            "quiet": lambda: setattr(self.watch, "active", ()),
            "unknown": lambda: setattr(self.watch, "active", None),
            "approve": lambda: approve_step(**seen, actor=self.second),
            "approve as author": lambda: approve_step(**seen, actor=self.author),
            "withdraw": lambda: withdraw_approval(step_id=step.pk, actor=self.second),
            "edit": lambda: change_step(
                step_id=step.pk, content=StepContent(plan_code=code, **self.guards), actor=self.author
            ),
            "price": lambda: Plan.objects.filter(code=code).update(price_rials=F("price_rials") + 1),
            "pause": lambda: pause_track(track_id=self.track.pk, actor=self.author),
            "resume": lambda: resume_track(track_id=self.track.pk, actor=self.author),
            "only propose": lambda: self.choose_mode(False),
            "take itself": lambda: self.choose_mode(True),
            "enable": lambda: enable_plan(plan_code=code, enabled_by=self.author),
            "disable": lambda: disable_plan(plan_code=before, reason="x", actor=self.author),
        }
        acts[name]()

    def choose_mode(self, itself: bool) -> None:
        set_takes_steps_itself(track_id=self.track.pk, takes_steps_itself=itself, actor=None)

    def may_take(self) -> list[bool]:
        """Of each step, whether all holds that it asks for, worked out anew from the tables."""
        if self.watch.active != () or ReleaseTrack.objects.get().state != ReleaseTrack.State.RUNNING:
            return [False] * 3
        steps = self.steps()
        return [
            self._is_approved(step) and (number == 0 or self._holds(steps[number - 1]))
            for number, step in enumerate(steps)
        ]

    def _is_approved(self, step: ReleaseTrackStep) -> bool:
        given = StepApproval.objects.filter(step=step, ended_at=None, content_hash=content_hash(step))
        return given.exclude(approved_by=step.written_by).exists()

    def _holds(self, before: ReleaseTrackStep) -> bool:
        plan = before.plan
        if before.taken_at is None or plan.enabled_at is None or not plan.is_available_for_purchase:
            return False
        bought = Subscription.objects.filter(plan=plan, started_at__gte=plan.enabled_at).count()
        problems = BetaFeedback.objects.filter(plan=plan, closed_at=None).count()
        return timezone.now() >= before.taken_at + WAITING_DAYS * ONE_DAY and bought >= PURCHASES and not problems


def sales() -> list[int]:
    return [times_put_on_sale(code) for code in CODES]


# Most acts bring the track on, or no run would come to the second plan.
HELPFUL = ["tick", "tick", "take", "a day", "buy", "approve", "solve", "quiet", "resume"]
HARMFUL = ["problem", "alert", "unknown", "withdraw", "edit", "price", "pause", "disable"]
OTHERS = ["approve as author", "only propose", "take itself", "enable"]
ACTS = st.tuples(st.sampled_from(HELPFUL * 2 + HARMFUL + OTHERS), st.sampled_from([0, 0, 0, 1]))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(ACTS, min_size=20, max_size=30))
def test_a_track_never_goes_on_without_its_guards_nor_out_of_order(acts, watch, people) -> None:
    with time_machine.travel(NOW, tick=False) as clock, transaction.atomic():
        world = World(watch, clock, people)
        assert sales() == [1, 0, 0]
        for name, further in acts:
            allowed, before = world.may_take(), sales()
            with suppress(DomainError):
                world.act(name, further)
            if name != "enable":
                grown = [number for number, times in enumerate(sales()) if times > before[number]]
                assert all(allowed[number] for number in grown), (name, grown)
                assert len(grown) <= 1
            taken = [step.taken_at is not None for step in world.steps()]
            assert taken == sorted(taken, reverse=True), "a later step was taken before an earlier one"
        transaction.set_rollback(True)
