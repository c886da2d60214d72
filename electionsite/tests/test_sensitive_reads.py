"""Who has seen personal data: each such page and list leaves a row before it is shown."""

import datetime as dt
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import Candidate, User
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from bots.models import Bot, BotUser, Contribution, InboundUpdate, Message
from bots.services.inbox import store_updates

pytestmark = pytest.mark.django_db

PHONE, MAIL, STAFF_MAIL = "09127005026", "sara.private@example.ir", "ali.private@example.ir"
TOKEN = "123456:a-very-secret-token"
SEEN = dt.datetime(2025, 11, 22, 11, 0, tzinfo=dt.UTC)
READS = ("viewed", "list_viewed", "phone_shown", "contact_shown", "body_shown", "phone_searched", "contact_searched")


@pytest.fixture
def candidate() -> Candidate:
    return make_candidate("sara", name="Sara", phone=PHONE, email=MAIL)


@pytest.fixture
def person(candidate: Candidate) -> BotUser:
    """A citizen of Sara's bot, who wrote and contributed; the bot has a token."""
    bot = Bot.objects.create(candidate=candidate, slug="sara-1", name="Bot", token=TOKEN)
    seen: dict[str, Any] = {"first_seen_at": SEEN, "last_seen_at": SEEN}
    person = BotUser.objects.create(bot=bot, platform_user_id=7, first_name="Citizen", phone=PHONE, **seen)
    said: dict[str, Any] = {"bot": bot, "bot_user": person, "text": "my words", "occurred_at": SEEN}
    message = Message.objects.create(**said, kind="text")
    Contribution.objects.create(**said, kind="idea", message=message)
    store_updates(
        bot=bot, bodies=[b'{"update_id": 1, "phone": "%s"}' % PHONE.encode()], source=InboundUpdate.Source.REPLAY
    )
    return person


def reads() -> list[tuple[str, str, dict[str, Any]]]:
    """The reads that were recorded: act, object's number, details."""
    rows = AuditLog.objects.order_by("pk")
    return [(row.action, row.object_id, row.details) for row in rows if row.action.rpartition(".")[2] in READS]


def open_page(client: Client, obj: Any) -> str:
    name = f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change"
    return client.get(reverse(name, args=[obj.pk])).content.decode()


def open_list(client: Client, model: str, **query: str) -> str:
    return client.get(reverse(f"admin:{model}_changelist"), query).content.decode()


@pytest.mark.parametrize("role", [Role.OWNER, Role.SUPPORT])
def test_opening_a_candidates_page_with_contact_is_recorded(candidate: Candidate, role: Role) -> None:
    staff = make_staff(role)

    page = open_page(sign_in(staff), candidate)

    assert PHONE in page
    assert reads() == [("accounts.candidate.contact_shown", str(candidate.pk), {"fields": ["phone", "email"]})]
    assert AuditLog.objects.get(action="accounts.candidate.contact_shown").actor_id == staff.pk


def test_without_contact_or_without_the_right_nothing_is_shown_and_nothing_recorded(candidate: Candidate) -> None:
    open_page(sign_in(make_staff(Role.OWNER)), make_candidate("reza"))
    page = open_page(sign_in(make_staff(Role.OPERATIONS)), candidate)

    assert PHONE not in page
    assert reads() == []


def test_a_page_shown_again_with_mistakes_is_recorded_too(candidate: Candidate) -> None:
    form = {"code": "", "name": "Sara", "city": "", "phone": PHONE, "email": MAIL}

    page = sign_in(make_staff(Role.OWNER)).post(f"/admin/accounts/candidate/{candidate.pk}/change/", form)

    assert PHONE in page.content.decode()
    assert [act for act, _number, _details in reads()] == ["accounts.candidate.contact_shown"]


def test_opening_a_bot_users_page_is_recorded_with_and_without_the_phone(person: BotUser) -> None:
    open_page(sign_in(make_staff(Role.OWNER)), person)
    open_page(sign_in(make_staff(Role.AUDITOR)), person)

    assert reads() == [
        ("bots.bot_user.phone_shown", str(person.pk), {"fields": ["phone"]}),
        ("bots.bot_user.viewed", str(person.pk), {}),
    ]


def test_opening_an_updates_raw_body_is_recorded(person: BotUser) -> None:
    update = InboundUpdate.objects.get()

    assert PHONE in open_page(sign_in(make_staff(Role.OWNER)), update)
    assert PHONE not in open_page(sign_in(make_staff(Role.AUDITOR)), update)

    assert reads() == [("bots.inbound_update.body_shown", str(update.pk), {"fields": ["body"]})]


def test_opening_what_a_citizen_wrote_is_recorded(person: BotUser) -> None:
    client = sign_in(make_staff(Role.SUPPORT))

    for obj in (Message.objects.get(), Contribution.objects.get()):
        assert "my words" in open_page(client, obj)

    assert [act for act, _number, _details in reads()] == ["bots.message.viewed", "bots.contribution.viewed"]


def test_opening_a_colleagues_page_with_mail_is_recorded() -> None:
    ali = make_staff(username="ali")
    ali.email = STAFF_MAIL
    ali.save()

    assert STAFF_MAIL in open_page(sign_in(make_staff(Role.AUDITOR)), ali)

    assert reads() == [("accounts.user.contact_shown", str(ali.pk), {"fields": ["email"]})]


@pytest.mark.parametrize("model", ["botuser", "message", "contribution"])
def test_each_page_of_a_list_of_people_is_recorded_with_filters_and_count(person: BotUser, model: str) -> None:
    open_list(sign_in(make_staff(Role.OWNER)), f"bots_{model}", bot__id__exact=str(person.bot_id), q="my words", o="1")

    ((act, _number, details),) = reads()
    assert act == f"bots.{'bot_user' if model == 'botuser' else model}.list_viewed"
    assert details["filters"] == {"bot__id__exact": str(person.bot_id), "q": "(not told)"}
    assert (details["rows"], details["page"]) == (0 if model == "botuser" else 1, 1)


def test_a_search_by_phone_is_recorded_with_who_was_found_and_without_the_phone(person: BotUser) -> None:
    open_list(sign_in(make_staff(Role.OWNER)), "bots_botuser", q=PHONE)

    assert ("bots.bot_user.phone_searched", "", {"found": [person.pk]}) in reads()
    assert PHONE not in str(list(AuditLog.objects.values()))


def test_without_the_right_a_phone_is_not_searched(person: BotUser) -> None:
    page = open_list(sign_in(make_staff(Role.AUDITOR)), "bots_botuser", q=PHONE)

    assert "Citizen" not in page
    assert [act for act, _number, _details in reads()] == ["bots.bot_user.list_viewed"]


@pytest.mark.parametrize(
    ("term", "recorded"), [(PHONE, 1), ("+98 912 700 5026", 1), (MAIL, 1), ("sara", 0), ("c-12", 0)]
)
def test_a_search_by_a_candidates_contact_is_recorded(candidate: Candidate, term: str, recorded: int) -> None:
    open_list(sign_in(make_staff(Role.OWNER)), "accounts_candidate", q=term)

    assert reads() == [("accounts.candidate.contact_searched", "", {"found": [candidate.pk]})] * recorded


def pages_of_the_admin() -> list[str]:
    """The list of each model, and the pages of each of its objects."""
    found = []
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        found.append(reverse(f"{name}_changelist"))
        if model._meta.label_lower == "constance.config":
            continue  # the system settings are one page
        for obj in model._default_manager.all()[:20]:
            found += [reverse(f"{name}_{page}", args=[obj.pk]) for page in ("change", "history", "delete")]
    return found


def html_of_everything(staff: User) -> str:
    client = sign_in(staff)
    pages = [client.get(page, follow=True) for page in pages_of_the_admin()]
    return "".join(page.content.decode() for page in pages if page.status_code == 200)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.OPERATIONS, Role.RELEASE_MANAGER])
def test_without_the_right_phones_and_mails_stand_on_no_page(person: BotUser, role: Role) -> None:
    html = html_of_everything(make_staff(role))

    assert "sara" in html.lower()
    for secret in (PHONE, PHONE[1:], MAIL):
        assert secret not in html


def test_tokens_and_webhook_secrets_are_shown_to_nobody(person: BotUser) -> None:
    staff = make_staff(Role.OWNER)
    staff.is_superuser = True
    staff.save()

    html = html_of_everything(staff)

    assert PHONE in html
    for secret in (TOKEN, person.bot.webhook_secret):
        assert secret not in html
