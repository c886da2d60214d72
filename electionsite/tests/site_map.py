"""Every address of the site, each with an object to look at, for tests that walk them all."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from django.utils.regex_helper import normalize
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from accounts.models import AllowedNetwork, Candidate, SignInGuard, User
from accounts.testing import make_candidate, make_staff
from audit.models import AuditLog, SealDestination
from audit.origin import Origin, acting_from
from audit.seals.sealing import seal_new_rows
from audit.services import record
from bots.models import Bot, Broadcast, Contribution, Poll
from bots.services.bots import create_bot
from bots.services.contributions import answer_contribution
from bots.tests.updates import button, message, person, poll, send, vote
from exports.links.token import make_token
from exports.models import DataExportLog, DataImport, DownloadLink, ScheduledExport
from plans.models import (
    BetaFeedback,
    BetaTester,
    DiscountCampaign,
    Plan,
    ReleaseTrack,
    ReleaseTrackStep,
    SubscriberMove,
    Subscription,
)

PHONE = "+989127025006"
ONE_HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Route:
    """An address of the site, such as `/admin/bots/bot/{object_id}/change/`, and the names of its arguments."""

    template: str
    arguments: tuple[str, ...]


def routes() -> list[Route]:
    """Every route of the site once, in order of their addresses."""
    found = {route.template: route for route in _walk(get_resolver().url_patterns, "/")}
    return [found[template] for template in sorted(found)]


def _walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[Route]:
    for pattern in patterns:
        route, arguments = normalize(pattern.pattern.regex.pattern)[0]
        template = prefix + route % {name: f"{{{name}}}" for name in arguments}
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, template)
        else:
            yield Route(template, tuple(arguments))


class Samples:
    """One object of each kind, and the addresses that show it. `candidate` is whom they belong to."""

    def __init__(self, text: str = "sample") -> None:
        self.candidate = make_candidate("sample", name=text, phone=PHONE)
        self.bot = create_bot(candidate=self.candidate, slug="sample", name=text, actor=None)
        contact = {"phone_number": PHONE, "first_name": text, "user_id": 7}
        writer: dict[str, Any] = {"from": person(first_name=text, last_name=text, username=text)}
        send(self.bot, message("/start", **writer), button("contribute:idea"), message(text, **writer))
        send(self.bot, poll(text, question=text), vote([0]), message(contact=contact))
        send(self.bot, {"update_id": text})  # rejected, and quoted in the reason
        self.staff = make_staff(username="sample")
        self.staff.full_name = text
        self.staff.save()
        self.contribution = Contribution.objects.get(bot=self.bot)
        answer_contribution(contribution_id=self.contribution.pk, text=text, actor=self.staff)
        with transaction.atomic(), acting_from(Origin(agent=text)):
            record(action="accounts.candidate.change", actor=self.staff, target=self.candidate, details={"note": text})
        seal_new_rows()
        self._others: dict[type[models.Model], Any] = {
            User: self.staff,
            Candidate: self.candidate,
            Bot: self.bot,
            Plan: Plan.objects.create(code="sample", name_fa=text, name_en=text),
            PeriodicTask: _scheduled_task(text),
            CrontabSchedule: CrontabSchedule.objects.get_or_create(minute="7")[0],
            IntervalSchedule: IntervalSchedule.objects.get_or_create(every=7, period="days")[0],
            AllowedNetwork: AllowedNetwork.objects.create(network="127.0.0.0/8", note=text),  # the test client's own
            SignInGuard: SignInGuard.objects.create(
                guard="pair", name_fingerprint="x", network="192.0.2.1", attempts=5, ends_at=timezone.now() + ONE_HOUR
            ),
            AuditLog: AuditLog.objects.order_by("pk").last(),
            SealDestination: SealDestination.objects.create(name=text, last_error=text),
        }
        self._others[BetaFeedback] = BetaFeedback.objects.create(
            plan=self._others[Plan], candidate=self.candidate, kind=BetaFeedback.Kind.OPINION, text=text
        )
        self._others[BetaTester] = BetaTester.objects.create(
            plan=self._others[Plan], candidate=self.candidate, note=text
        )

        self._others[SubscriberMove] = SubscriberMove.objects.create(
            old_plan=self._others[Plan],
            new_plan=Plan.objects.create(code="sample-2", name_fa=text, name_en=text),
            reason=text,
        )
        self._others[DiscountCampaign] = DiscountCampaign.objects.create(
            name=text,
            code="sample",
            code_key="sample",
            kind="percent",
            value=10,
            starts_at=timezone.now() - ONE_HOUR,
            ends_at=timezone.now() + ONE_HOUR,
        )
        self._others[Subscription] = Subscription.objects.create(
            candidate=self.candidate, plan=self._others[Plan], price_rials=1
        )
        self._others[ReleaseTrack] = ReleaseTrack.objects.create(name=text, state_reason=text)
        self._others[ReleaseTrackStep] = ReleaseTrackStep.objects.create(
            track=self._others[ReleaseTrack], position=1, plan=self._others[Plan]
        )
        self._others[Broadcast] = Broadcast.objects.create(
            candidate=self.candidate, bot=self.bot, title=text, text=text, state_reason=text, author=self.staff
        )
        self._others[DataExportLog] = DataExportLog.objects.create(
            dataset="bot_users", candidate=self.candidate, format="csv", purpose=text, asked_by=self.staff
        )
        self._others[DownloadLink] = DownloadLink.objects.create(
            run=self._others[DataExportLog], made_by=self.staff, expires_at=timezone.now() + ONE_HOUR
        )
        self._others[ScheduledExport] = ScheduledExport.objects.create(
            name=text, dataset="bot_users", candidate=self.candidate, format="csv", frequency="daily",
            at_time=dt.time(6), owner=self.staff, next_due_at=timezone.now() + ONE_HOUR, purpose=text,
        )  # fmt: skip

        self._others[DataImport] = DataImport.objects.create(
            kind="candidates", file_name=text, done_by=self.staff, undo_until=timezone.now() + ONE_HOUR
        )

    def address(self, route: Route) -> str:
        """The address of `route` with the samples for its arguments. Raises LookupError naming what has no sample."""
        values = {
            "region": self.candidate.region,
            "app_label": "bots",
            "url": "nowhere",
            "content_type_id": ContentType.objects.get_for_model(Candidate).pk,
            "object_id": self.candidate.pk,
            "bot_id": self.bot.pk,
            "candidate_id": self.candidate.pk,
            "contribution_id": self.contribution.pk,
            "person_id": self.contribution.bot_user_id,
            "key": "welcome",
            "language": "fa",
            "poll_id": Poll.objects.get(bot=self.bot).pk,
            "passkey_id": 1,
            "plan_id": self._others[Plan].pk,
            "move_id": self._others[SubscriberMove].pk,
            "subscription_id": self._others[Subscription].pk,
            "campaign_id": self._others[DiscountCampaign].pk,
            "tester_id": self._others[BetaTester].pk,
            "broadcast_id": self._others[Broadcast].pk,
            "track_id": self._others[ReleaseTrack].pk,
            "step_id": self._others[ReleaseTrackStep].pk,
            "run_id": self._others[DataExportLog].pk,
            "link_id": self._others[DownloadLink].pk,
            "token": make_token(self._others[DownloadLink].number),
            "number": self._others[DownloadLink].number.hex,
            "import_id": self._others[DataImport].pk,
            "schedule_id": self._others[ScheduledExport].pk,
            "id": self.staff.pk,
            **self._of_admin(route),
        }
        missing = set(route.arguments) - values.keys()
        if missing:
            raise LookupError(f"{route.template} takes {sorted(missing)}: give it a sample in {__name__}.")
        return route.template.format(**values)

    def _of_admin(self, route: Route) -> dict[str, Any]:
        for model in admin.site._registry:
            if route.arguments and route.template.startswith(
                f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
            ):
                return dict.fromkeys(route.arguments, self._sample(model).pk)
        return {}

    def _sample(self, model: type[models.Model]) -> models.Model:
        sample = self._others.get(model) or model._default_manager.order_by("pk").first()
        if sample is None:
            raise LookupError(f"There is no {model._meta.label} to look at: make one in {__name__}.")
        return sample


def admin_pages(samples: Samples) -> list[str]:
    """The address of every page of the admin, with the samples to show."""
    return [samples.address(route) for route in routes() if route.template.startswith("/admin/")]


def _scheduled_task(name: str) -> PeriodicTask:
    interval, _made = IntervalSchedule.objects.get_or_create(every=1, period="hours")
    return PeriodicTask.objects.create(name=name, task="bots.project_inbox", interval=interval, args=json.dumps([]))
