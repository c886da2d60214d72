"""Release tracks to test with: a source of alerts that says what a test wants, plans in a row, and what they need."""

import datetime as dt
from typing import Any

from accounts.models import User
from accounts.testing import make_candidate
from common import active_alerts
from plans.models import BetaFeedback, Plan, PlanReleaseHistory, ReleaseTrack, ReleaseTrackStep, Stage, Subscription
from plans.services.tracks import StepContent, add_step, create_track, resume_track
from plans.testing import make_plan

NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
CODES = ("basic", "standard", "premium")
ONE_DAY = dt.timedelta(days=1)


class Watch:
    """What the one source of alerts answers; None: it fails."""

    def __init__(self, monkeypatch) -> None:
        self.active: tuple[str, ...] | None = ()
        monkeypatch.setattr(active_alerts, "SOURCES", {})
        active_alerts.register_alert_source("test", self.tell)

    def tell(self) -> tuple[str, ...]:
        if self.active is None:
            raise ConnectionError("nobody there")
        return self.active


def make_track(*, codes=CODES, author: User | None = None, takes=True, runs=True, **guards: Any) -> ReleaseTrack:
    """A track of plans that are drafts, all steps with the same guards."""
    track = create_track(name="Spring", takes_steps_itself=takes, actor=author)
    for code in codes:
        make_plan(code, stage=Stage.DRAFT)
        add_step(track_id=track.pk, content=StepContent(plan_code=code, **guards), actor=author)
    return resume_track(track_id=track.pk, actor=author) if runs else track


def step_of(code: str) -> ReleaseTrackStep:
    return ReleaseTrackStep.objects.get(plan__code=code)


def state_of(track: ReleaseTrack) -> str:
    track.refresh_from_db()
    return track.state


def on_sale() -> list[str]:
    return list(Plan.objects.filter(stage=Stage.AVAILABLE).order_by("pk").values_list("code", flat=True))


def times_put_on_sale(code: str) -> int:
    return PlanReleaseHistory.objects.filter(plan_code=code, step="enabled").count()


def buy(code: str, times: int = 1) -> None:
    plan = Plan.objects.get(code=code)
    for _number in range(times):
        Subscription.objects.create(candidate=make_candidate(), plan=plan, price_rials=1)


def open_problem(code: str) -> BetaFeedback:
    kind = BetaFeedback.Kind.TECHNICAL_PROBLEM
    return BetaFeedback.objects.create(
        plan=Plan.objects.get(code=code), candidate=make_candidate(), kind=kind, text="The bot is silent."
    )
