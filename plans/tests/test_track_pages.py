"""The pages of release tracks over HTTP: what they show, and what their buttons do."""

import re
from html import unescape

import pytest
import time_machine
from django.test import Client

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from plans.models import Plan, ReleaseTrack, ReleaseTrackStep, Stage
from plans.tasks import tick_tracks
from plans.testing import make_plan
from plans.tests.tracks import NOW, ONE_DAY, buy, make_track, on_sale, state_of, step_of

TRACKS = "/admin/plans/tracks"
STEP = {"waiting_days": 14, "purchases_at_least": 0, "problems_at_most": "", "is_held_by_alert": "on"}

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("watch")]


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def english(role: Role = Role.RELEASE_MANAGER, **more) -> Client:
    client = sign_in(make_staff(role, **more))
    client.cookies["django_language"] = "en"
    return client


def page_of(client: Client, track: ReleaseTrack) -> str:
    """The page as it reads, without markup."""
    shown = client.get(f"{TRACKS}/{track.pk}")
    assert shown.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", shown.content.decode())).split())


def press(client: Client, track: ReleaseTrack, act: str, code: str = "", seen_hash: str = "") -> str:
    values = {"act": act, "seen_hash": seen_hash}
    if code:
        values["step"] = str(step_of(code).pk)
    return client.post(f"{TRACKS}/{track.pk}", values, follow=True).content.decode()


def seen_hash(client: Client, track: ReleaseTrack, code: str) -> str:
    shown = client.get(f"{TRACKS}/{track.pk}").content.decode()
    form = rf'name="step" value="{step_of(code).pk}">\s*<input type="hidden" name="seen_hash" value="(\w+)"'
    found = re.search(form, shown)
    assert found
    return found[1]


def test_a_track_is_made_filled_and_started(watch) -> None:
    client = english()
    assert TRACKS in client.get("/admin/plans/release-manager").content.decode()
    made = client.post(TRACKS, {"name": "Spring", "takes_steps_itself": "on"})
    track = ReleaseTrack.objects.get()
    assert made["Location"] == f"{TRACKS}/{track.pk}"
    for code in ("basic", "standard"):
        plan = make_plan(code, stage=Stage.DRAFT)
        assert client.post(f"{TRACKS}/{track.pk}/steps/add", {**STEP, "plan": plan.pk}).status_code == 302
    assert "Nothing until somebody resumes it." in page_of(client, track)
    assert "That was done." in press(client, track, "resume")
    assert "Basic goes on sale within a minute." in page_of(client, track)
    tick_tracks()
    assert "Standard goes on sale at 2026-12-06" in page_of(client, track)
    assert "Spring" in client.get(TRACKS).content.decode()


def test_each_guard_is_shown_with_its_figure_of_now_and_whether_it_holds(watch, clock) -> None:
    track = make_track(waiting_days=14, purchases_at_least=10, problems_at_most=0)
    tick_tracks()
    buy("basic", 3)
    clock.shift(2 * ONE_DAY)
    client = english()
    shown = page_of(client, track)
    for words in (
        "2 of 14 days waited",
        "3 of 10 purchases doesn't hold",
        "0 open technical problems, at most 0 allowed holds",
        "No alert is active. holds",
    ):
        assert words in shown
    watch.active = None
    assert "Whether an alert is active isn't known. isn't known" in page_of(client, track)


def test_a_step_is_taken_by_hand_only_while_its_guards_hold(watch) -> None:
    client, track = english(), make_track(takes=False)
    assert "Take this step" in page_of(client, track)
    watch.active = ("redis",)
    assert "Take this step" not in page_of(client, track)
    assert "Not everything holds" in press(client, track, "take", "basic")
    watch.active = ()
    press(client, track, "take", "basic")
    assert on_sale() == ["basic"]
    assert Plan.objects.get(code="basic").enabled_by is not None


def test_two_people_are_needed_and_the_second_approves_what_was_seen(watch) -> None:
    author, second = english(username="author"), english(Role.OWNER, username="second")
    track = make_track(codes=["basic"], needs_second_person=True, takes=False)
    values = {**STEP, "plan": Plan.objects.get().pk, "needs_second_person": "on"}
    address = f"{TRACKS}/{track.pk}/steps/{step_of('basic').pk}"
    assert author.post(address, values).status_code == 302
    assert "Approve" not in page_of(author, track)
    assert "You wrote this step" in press(author, track, "approve", "basic", seen_hash(author, track, "basic"))

    stale = seen_hash(second, track, "basic")
    author.post(address, {**values, "waiting_days": 7})
    assert "This was changed since you saw it" in press(second, track, "approve", "basic", stale)
    press(second, track, "approve", "basic", seen_hash(second, track, "basic"))
    shown = page_of(second, track)
    assert "Approved by" in shown
    assert "Withdraw the approval" in shown
    assert "Approvals that were given end" in author.get(address).content.decode()

    press(second, track, "withdraw", "basic")
    assert "waits for the approval of a second person" in page_of(second, track)
    press(second, track, "approve", "basic", seen_hash(second, track, "basic"))
    press(author, track, "take", "basic")
    assert on_sale() == ["basic"]
    assert "this track is over" in page_of(author, track)


def test_pausing_and_stopping_ask_first(watch) -> None:
    client, track = english(), make_track()
    assert "Nothing is proposed" in client.get(f"{TRACKS}/{track.pk}/pause").content.decode()
    assert state_of(track) == "running"
    client.post(f"{TRACKS}/{track.pk}/pause", {"reason": "holidays"})
    assert state_of(track) == "paused"
    assert "holidays" in page_of(client, track)
    assert client.post(f"{TRACKS}/{track.pk}/stop", {"reason": ""}).context["form"].errors["reason"]
    client.post(f"{TRACKS}/{track.pk}/stop", {"reason": "a new way"})
    assert state_of(track) == "stopped"
    assert "This track is over" in press(client, track, "resume")


def test_the_owner_says_whether_it_takes_its_steps_itself(watch) -> None:
    client, track = english(), make_track(takes=False)
    press(client, track, "take-itself")
    assert "It takes its steps itself." in page_of(client, track)
    press(client, track, "propose-only")
    assert "It only proposes its steps." in page_of(client, track)


def test_refusals_are_told_at_the_form(watch) -> None:
    client, track = english(), make_track(codes=["basic"])
    other = ReleaseTrack.objects.create(name="Autumn")
    values = {**STEP, "plan": Plan.objects.get().pk}
    assert "on the track “Spring”" in client.post(f"{TRACKS}/{other.pk}/steps/add", values).content.decode()
    answer = client.post(f"{TRACKS}/{other.pk}/steps/add", {**values, "waiting_days": "soon"})
    assert answer.context["form"].errors["waiting_days"]
    assert client.post(TRACKS, {"name": " "}).context["form"].errors["name"]
    assert ReleaseTrackStep.objects.get().track == track


def test_a_step_is_removed(watch) -> None:
    client, track = english(), make_track()
    press(client, track, "remove", "standard")
    assert list(track.steps.order_by("position").values_list("plan__code", flat=True)) == ["basic", "premium"]


def test_what_is_no_button_of_the_page_is_not_found(watch) -> None:
    client, track = english(), make_track(codes=["basic"])
    other = ReleaseTrack.objects.create(name="Autumn")
    foreign = {"act": "take", "step": step_of("basic").pk}
    assert client.post(f"{TRACKS}/{other.pk}", foreign).status_code == 404
    for values in ({"act": "explode"}, {"act": "take", "step": "9" * 30}, {"act": "take", "step": "\x00"}):
        assert client.post(f"{TRACKS}/{track.pk}", values).status_code == 404
    assert on_sale() == []


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OWNER, Role.RELEASE_MANAGER}))
def test_others_press_no_buttons(watch, role: Role) -> None:
    client, track = english(role), make_track()
    shown = client.get(f"{TRACKS}/{track.pk}")
    assert shown.status_code == (200 if role == Role.AUDITOR else 403)
    assert 'name="act"' not in shown.content.decode()
    pages = (f"{TRACKS}/{track.pk}", f"{TRACKS}/{track.pk}/stop", f"{TRACKS}/{track.pk}/steps/add", TRACKS)
    for address in (*pages, f"{TRACKS}/{track.pk}/steps/{step_of('basic').pk}"):
        assert client.post(address, {"act": "resume", "reason": "x", "name": "x"}).status_code == 403
    assert ReleaseTrack.objects.count() == 1
    assert state_of(track) == "running"


def test_limited_staff_see_none_of_it(watch) -> None:
    client, track = english(Role.OWNER, regions=["tehran"]), make_track()
    for address in (TRACKS, f"{TRACKS}/{track.pk}", f"{TRACKS}/{track.pk}/pause"):
        assert client.get(address).status_code == 403
    assert TRACKS not in client.get("/admin/plans/release-manager").content.decode()
