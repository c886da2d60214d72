"""The pages of release tracks: what each step waits for, how that stands now, and the buttons."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.admin_scope import staff_user
from accounts.models import User
from common.active_alerts import active_alerts
from common.errors import DomainError
from common.jalali import format_local
from plans.guards import Reading, all_hold, unpack
from plans.models import ReleaseTrack, ReleaseTrackStep
from plans.release_forms import ReasonForm
from plans.services import track_steps, tracks
from plans.services.release import may_release
from plans.track_forms import StepActForm, StepForm, TrackForm
from plans.tracks import content_hash, judge_step, standing_approval

TRACKS_SHOWN = 100
FORM_METHODS = ["GET", "HEAD", "POST"]

TRACK_ACTS: dict[str, Callable[[int, User], Any]] = {
    "resume": lambda track_id, user: tracks.resume_track(track_id=track_id, actor=user),
    "take-itself": lambda track_id, user: tracks.set_takes_steps_itself(
        track_id=track_id, takes_steps_itself=True, actor=user
    ),
    "propose-only": lambda track_id, user: tracks.set_takes_steps_itself(
        track_id=track_id, takes_steps_itself=False, actor=user
    ),
}
STEP_ACTS: dict[str, Callable[[int, str, User], Any]] = {
    "take": lambda step_id, seen, user: track_steps.take_step(step_id=step_id, actor=user),
    "approve": lambda step_id, seen, user: track_steps.approve_step(step_id=step_id, seen_hash=seen, actor=user),
    "withdraw": lambda step_id, seen, user: track_steps.withdraw_approval(step_id=step_id, actor=user),
    "remove": lambda step_id, seen, user: tracks.remove_step(step_id=step_id, actor=user),
}
ACTS_THAT_ASK: dict[str, tuple[Any, Any, Callable[..., ReleaseTrack]]] = {
    "pause": (
        gettext_lazy("Pause the track"),
        gettext_lazy("Nothing is proposed or taken until it is resumed."),
        tracks.pause_track,
    ),
    "stop": (
        gettext_lazy("Stop the track"),
        gettext_lazy("It is over for good. What is on sale stays so, and its plans may go onto another track."),
        tracks.stop_track,
    ),
}


@require_http_methods(FORM_METHODS)
def tracks_page(request: HttpRequest) -> HttpResponse:
    """All tracks, newest first; a POST makes one."""
    user = _releaser(request) if request.method == "POST" else _reader(request)
    form = TrackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        answer = _to_track(form, lambda: tracks.create_track(**form.cleaned_data, actor=user))
        if answer:
            return answer
    shown = ReleaseTrack.objects.prefetch_related("steps__plan")[:TRACKS_SHOWN]
    context = {"title": _("Release tracks"), "tracks": shown, "form": form if may_release(user) else None}
    return _page(request, "tracks", context)


@require_http_methods(FORM_METHODS)
def track_page(request: HttpRequest, track_id: int) -> HttpResponse:
    """The steps as a staircase, each guard with its figure of now, what happens next; a POST is one of its buttons."""
    user = _reader(request)
    track = get_object_or_404(ReleaseTrack, pk=track_id)
    if request.method == "POST":
        return _pressed(request, track, user)
    now, alerts = timezone.now(), None if track.is_over else active_alerts()
    steps = list(track.steps.select_related("plan", "written_by").order_by("position"))
    rows = [_row(step, user, now, alerts) for step in steps]
    following = next((row for row in rows if row["step"].taken_at is None), None)
    if following:
        following["is_next"] = not track.is_over
    context = {
        "title": track.name,
        "track": track,
        "rows": rows,
        "next_words": _next_words(track, following),
        "may_take": _may_take(track, following, user),
        "may": may_release(user) and not track.is_over,
    }
    return _page(request, "track", context)


@require_http_methods(FORM_METHODS)
def ask_page(request: HttpRequest, track_id: int, name: str) -> HttpResponse:
    """Ask why, then pause or stop the track."""
    user = _releaser(request)
    track = get_object_or_404(ReleaseTrack, pk=track_id)
    title, words, call = ACTS_THAT_ASK[name]
    form = ReasonForm(request.POST or None, is_needed=name == "stop")
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        answer = _to_track(form, lambda: call(track_id=track.pk, reason=reason, actor=user))
        if answer:
            return answer
    return _page(request, "track_form", {"title": title, "track": track, "words": words, "form": form})


@require_http_methods(FORM_METHODS)
def add_step_page(request: HttpRequest, track_id: int) -> HttpResponse:
    """Ask for the next plan of a track and for what must hold before it."""
    user = _releaser(request)
    track = get_object_or_404(ReleaseTrack, pk=track_id)
    form = StepForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        answer = _to_track(form, lambda: tracks.add_step(track_id=track.pk, content=form.content(), actor=user).track)
        if answer:
            return answer
    return _page(request, "track_form", {"title": _("Add a step"), "track": track, "form": form})


@require_http_methods(FORM_METHODS)
def step_page(request: HttpRequest, track_id: int, step_id: int) -> HttpResponse:
    """Write a step anew that isn't taken."""
    user = _releaser(request)
    step = get_object_or_404(ReleaseTrackStep.objects.select_related("track"), pk=step_id, track=track_id)
    form = StepForm(request.POST or None, instance=step)
    if request.method == "POST" and form.is_valid():
        answer = _to_track(form, lambda: tracks.change_step(step_id=step_id, content=form.content(), actor=user).track)
        if answer:
            return answer
    words = _("Approvals that were given end with the change.") if step.approvals.filter(ended_at=None) else ""
    context = {"title": _("Change a step"), "track": step.track, "form": form, "words": words}
    return _page(request, "track_form", context)


def _pressed(request: HttpRequest, track: ReleaseTrack, user: User) -> HttpResponse:
    _releaser(request)
    name, form = request.POST.get("act", ""), StepActForm(request.POST, track=track)
    try:
        if name in TRACK_ACTS:
            TRACK_ACTS[name](track.pk, user)
        elif name in STEP_ACTS and form.is_valid():
            STEP_ACTS[name](form.cleaned_data["step"].pk, form.cleaned_data["seen_hash"], user)
        else:
            raise Http404
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("That was done."))
    return HttpResponseRedirect(reverse("plans:track", args=[track.pk]))


def _row(step: ReleaseTrackStep, user: User, now: dt.datetime, alerts: tuple[str, ...] | None) -> dict[str, Any]:
    is_taken = step.taken_at is not None
    approval = standing_approval(step) if step.needs_second_person and not is_taken else None
    may_approve = step.needs_second_person and not is_taken and not approval and step.written_by_id != user.pk
    return {
        "step": step,
        "readings": unpack(step.judgement) if is_taken else judge_step(step, now=now, alerts=alerts),
        "seen_hash": content_hash(step),
        "approval": approval,
        "may_approve": may_approve,
    }


def _may_take(track: ReleaseTrack, following: dict[str, Any] | None, user: User) -> bool:
    is_ready = track.state == ReleaseTrack.State.RUNNING and following is not None and all_hold(following["readings"])
    return is_ready and may_release(user)


def _next_words(track: ReleaseTrack, following: dict[str, Any] | None) -> str:
    """What happens next on a track, and when."""
    if track.is_over:
        return _("Nothing: this track is over.")
    if following is None:
        return _("Nothing: no step is left to take. Add one.")
    if track.state == ReleaseTrack.State.PAUSED:
        return _("Nothing until somebody resumes it.")
    readings: list[Reading] = following["readings"]
    plan = {"plan": following["step"].plan.name}
    if all_hold(readings):
        if track.takes_steps_itself:
            return _("%(plan)s goes on sale within a minute.") % plan
        return _("%(plan)s can go on sale: somebody must take the step.") % plan
    if all_hold(reading for reading in readings if reading.guard != "approval"):
        return _("%(plan)s waits for the approval of a second person.") % plan
    until = next((reading.figures.get("until") for reading in readings if reading.guard == "waiting"), None)
    if until and dt.datetime.fromisoformat(until) > timezone.now():
        time = format_local(dt.datetime.fromisoformat(until))
        return _("%(plan)s goes on sale at %(time)s at the earliest.") % {**plan, "time": time}
    return _("%(plan)s waits until everything holds that its step needs.") % plan


def _to_track(form: Form | Any, call: Callable[[], ReleaseTrack]) -> HttpResponse | None:
    """To the track's page when it was done; None with the refusal at the form."""
    try:
        track = call()
    except DomainError as error:
        form.add_error(None, str(error))
        return None
    return HttpResponseRedirect(reverse("plans:track", args=[track.pk]))


def _page(request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
    shared = {**admin.site.each_context(request), "opts": ReleaseTrack._meta}
    return TemplateResponse(request, f"plans/{name}.html", {**shared, **context})


def _reader(request: HttpRequest) -> User:
    """Who looks at tracks: they tell of all candidates' purchases, so nobody who is limited to some."""
    user = staff_user(request)
    if user.is_limited_to_scopes or not user.has_perm("plans.view_releasetrack"):
        raise PermissionDenied
    return user


def _releaser(request: HttpRequest) -> User:
    user = staff_user(request)
    if not may_release(user):
        raise PermissionDenied
    return user
