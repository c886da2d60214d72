"""No row of one candidate ever appears to staff limited to another: every page, search, API and export is walked."""

import datetime as dt
import io
import zipfile

import pytest
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.admin_scope import ScopedModelAdmin
from accounts.models import Candidate
from accounts.roles import Role
from accounts.selectors import limit_to_scopes
from accounts.testing import make_candidate, make_staff, sign_in
from bots.analytics.roll_up import roll_up
from bots.analytics.snapshot import refresh_snapshots
from bots.models import Bot, BotUser, Broadcast, Contribution, Poll
from bots.services.bots import create_bot
from bots.services.contributions import answer_contribution, assign_contributions
from bots.services.polls import create_poll
from bots.tests.updates import button, message, person, poll, send, update, vote
from electionsite.tests.site_map import Samples, routes
from exports.models import DataExportLog, DownloadLink, ScheduledExport
from plans.models import BetaFeedback, BetaTester, Plan, Subscription

# Typed into search fields it is the beginning of the mark, which pages must never show.
BEGINNING, MARK = "nishan", "nishanbasafa"
PHONE = "+989351112233"
WALKED = ("/admin/bots/", "/admin/plans/", "/admin/accounts/candidate/", "/admin/exports/", "/admin/beta-testers")
WITHOUT_A_PAGE = {"/admin/jsi18n/"}

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


class Hidden:
    """A candidate with something of everything, each marked: what the staff of another one must never see."""

    def __init__(self, plan: Plan) -> None:
        self.candidate = make_candidate(MARK, name=MARK, city="isfahan", phone=PHONE, email=f"{MARK}@example.com")
        self.bot = create_bot(candidate=self.candidate, slug=MARK, name=MARK, actor=None)
        writer = {"from": person(70, first_name=MARK, last_name=MARK, username=MARK)}
        send(
            self.bot, message(f"/start src_{MARK}", number=70, **writer), button("contribute:idea", 70),
            message(MARK, number=70, **writer), poll(MARK, question=MARK), vote([0], number=70),
            message(number=70, contact={"phone_number": PHONE, "first_name": MARK, "user_id": 70}),
            update(**{MARK: {}}),
        )  # fmt: skip
        owner = make_staff(Role.OWNER)
        self.contribution = Contribution.objects.get(bot=self.bot)
        answer_contribution(contribution_id=self.contribution.pk, text=MARK, actor=owner)
        assign_contributions(contributions=[self.contribution.pk], assignee=owner, actor=owner)
        self.poll = create_poll(
            bot=self.bot, question=MARK, options=[MARK, "2"], allows_multiple_answers=False, actor=owner
        )
        self.person = BotUser.objects.get(bot=self.bot)
        Subscription.objects.create(candidate=self.candidate, plan=plan, price_rials=1)
        BetaTester.objects.create(candidate=self.candidate, plan=plan, note=MARK)
        BetaFeedback.objects.create(candidate=self.candidate, plan=plan, kind=BetaFeedback.Kind.OPINION, text=MARK)
        Broadcast.objects.create(candidate=self.candidate, bot=self.bot, title=MARK, text=MARK, author=owner)
        about = {"dataset": "bot_users", "candidate": self.candidate, "format": "csv", "purpose": MARK}
        self.schedule = ScheduledExport.objects.create(
            **about, name=MARK, frequency="daily", at_time=dt.time(6), owner=owner, next_due_at=timezone.now()
        )
        self.export = DataExportLog.objects.create(
            **about, state="failed", reason=MARK, asked_by=owner, schedule=self.schedule, finished_at=timezone.now()
        )
        DownloadLink.objects.create(run=self.export, made_by=owner, expires_at=timezone.now())


@pytest.fixture
def samples() -> Samples:
    return Samples("visible")


@pytest.fixture
def hidden(samples) -> Hidden:
    made = Hidden(Plan.objects.get(code="sample"))
    roll_up()
    refresh_snapshots(older_than=dt.timedelta(0))
    return made


@pytest.fixture
def limited(samples, hidden) -> Client:
    """An owner, who may do everything, limited to the candidate of the samples."""
    client = sign_in(make_staff(Role.OWNER, Role.SUPPORT, Role.RELEASE_MANAGER, candidates=[samples.candidate]))
    client.cookies["django_language"] = "en"
    return client


def refuse_mark(response, address: str) -> None:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    found = body.lower()
    assert MARK.encode() not in found, address
    assert PHONE.encode() not in found, address
    assert MARK not in response.get("Location", ""), address


def scoped_admins() -> list[ScopedModelAdmin]:
    return [page for page in admin.site._registry.values() if isinstance(page, ScopedModelAdmin)]


def name_of(model, page: str) -> str:
    return f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"


def test_the_marks_are_there_for_staff_who_may_see_all(hidden):
    client = sign_in(make_staff(Role.OWNER))

    for address in ("/admin/bots/contribution/", "/admin/bots/botuser/", f"/admin/bots/{hidden.bot.pk}/analytics"):
        assert MARK in client.get(address).content.decode()


def test_no_page_shows_a_mark(limited, samples):
    walked = [route for route in routes() if route.template.startswith(WALKED)]
    assert len(walked) > 60

    for route in walked:
        if route.template not in WITHOUT_A_PAGE:
            address = samples.address(route)
            refuse_mark(limited.get(address), address)


def test_no_list_or_search_or_filter_shows_a_mark(limited, hidden):
    queries = [
        f"q={BEGINNING}", f"q={PHONE}", "q=70", f"bot__id__exact={hidden.bot.pk}", "city=isfahan", "source=-",
        f"bot__candidate__id__exact={hidden.candidate.pk}", f"candidate__id__exact={hidden.candidate.pk}",
        f"bot__candidate__id={hidden.candidate.pk}", f"candidate={hidden.candidate.pk}", "o=1", "o=-1", "o=2", "e=1",
        f"plan__id__exact={Plan.objects.get(code='sample').pk}", "state__exact=answered",
    ]  # fmt: skip
    for page in scoped_admins():
        for query in queries:
            address = f"{reverse(name_of(page.model, 'changelist'))}?{query}"
            assert MARK not in limited.get(address, follow=True).content.decode(), address


def test_no_object_of_the_other_candidate_opens(limited, hidden):
    for page in scoped_admins():
        rows = page.model._default_manager.all()
        path = f"{page.candidate_path}__pk" if page.candidate_path else "pk"
        theirs = rows.filter(**{path: hidden.candidate.pk})
        assert theirs.exists(), f"give {page.model._meta.label} a row in {__name__}"
        for row in theirs:
            for name in ("change", "delete", "history"):
                address = reverse(name_of(page.model, name), args=[row.pk])
                response = limited.get(address)
                assert response.status_code in (302, 403, 404), address
                refuse_mark(response, address)


def test_no_page_or_api_of_ours_opens_for_what_is_the_others(limited, samples, hidden):
    theirs = {
        "bot_id": hidden.bot.pk,
        "candidate_id": hidden.candidate.pk,
        "contribution_id": hidden.contribution.pk,
        "poll_id": hidden.poll.pk,
        "broadcast_id": Broadcast.objects.get(title=MARK).pk,
        "subscription_id": Subscription.objects.get(candidate=hidden.candidate).pk,
        "run_id": hidden.export.pk,
        "schedule_id": hidden.schedule.pk,
        "tester_id": BetaTester.objects.get(candidate=hidden.candidate).pk,
    }
    walked = [route for route in routes() if len(route.arguments) == 1 and route.arguments[0] in theirs]
    assert len(walked) >= 10

    for route in walked:
        address = route.template.format(**{name: theirs[name] for name in route.arguments})
        for send_request in (limited.get, limited.post):
            response = send_request(address)
            assert response.status_code in (403, 404, 405), address
            refuse_mark(response, address)


def test_no_choice_or_suggestion_names_the_other_candidate(limited):
    asked = 0
    for page in scoped_admins():
        for field in page.model._meta.fields:
            if field.is_relation and field.name in page.get_autocomplete_fields(HttpRequest()):
                query = {"app_label": page.model._meta.app_label, "model_name": page.model._meta.model_name}
                response = limited.get("/admin/autocomplete/", {**query, "field_name": field.name, "term": BEGINNING})
                refuse_mark(response, f"{page.model._meta.label}.{field.name}")
                asked += 1
    assert asked


@pytest.mark.django_db(transaction=True)  # an export takes a snapshot of its own
@pytest.mark.parametrize("format_name", ["csv", "xlsx"])
def test_no_export_holds_a_mark(format_name, limited):
    for query in ("", f"?q={BEGINNING}", "?city=isfahan"):
        asked = {"format": format_name, "with_phones": "on", "purpose": "test"}
        response = limited.post(reverse("exports:bot-users") + query, asked)
        assert response.status_code == 200
        body = b"".join(response.streaming_content) if response.streaming else response.content
        files = _unpacked(body) if body[:2] == b"PK" else [body]
        assert not [text for text in files if MARK.encode() in text or PHONE.strip("+").encode() in text]


def test_no_action_on_a_list_reaches_the_others_rows(limited, hidden):
    for page in scoped_admins():
        keys = list(page.model._default_manager.values_list("pk", flat=True))
        for name in page.actions or ():
            address = reverse(name_of(page.model, "changelist"))
            refuse_mark(limited.post(address, {"action": name, "_selected_action": keys}), f"{address} {name}")

    hidden.contribution.refresh_from_db()
    assert hidden.contribution.state == Contribution.State.ANSWERED


def test_every_selector_of_scopes_gives_the_candidates_own_rows_only(samples, hidden):
    user = make_staff(Role.OWNER, candidates=[samples.candidate])
    paths: dict[type[Model], str] = {
        Candidate: "",
        Bot: "candidate",
        Poll: "bot__candidate",
        **{p.model: p.candidate_path for p in scoped_admins()},
    }

    for model, path in paths.items():
        found = limit_to_scopes(model._default_manager.all(), user, candidate=path)
        owners = set(found.values_list(f"{path}__pk" if path else "pk", flat=True))
        assert owners <= {samples.candidate.pk}, model


def _unpacked(body: bytes) -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as parts:
        return [parts.read(name) for name in parts.namelist()]
