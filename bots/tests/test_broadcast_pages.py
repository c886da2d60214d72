"""The pages of broadcasts, as staff use them."""

import pytest
from constance import config
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.translation import override

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from bots.models import Broadcast
from bots.services.broadcast_runs import start_broadcast
from bots.services.broadcasts import submit_broadcast
from bots.tests.broadcasting import TOKEN, add_people, begin, make_bot, make_broadcast, send_all
from bots.tests.pictures import PNG

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _in_english():
    with override("en"):
        yield


@pytest.fixture
def bot(telegram):
    return make_bot(telegram)


def browser(*roles, **limits):
    client = sign_in(make_staff(*(roles or (Role.OWNER,)), **limits))
    client.cookies["django_language"] = "en"
    return client


def form_of(bot, **more):
    return {"candidate": bot.candidate_id, "bot": bot.pk, "title": "News", "text": "سلام", **more}


def one(broadcast):
    return reverse("broadcasts:one", args=[broadcast.pk])


def test_from_the_draft_to_the_last_message(telegram, bot):
    add_people(bot, [1, 2], telegram)
    staff = browser()
    buttons = "ایده‌ها | contribute:idea\nسایت | https://example.org"
    picture = SimpleUploadedFile("p.png", PNG)

    saved = staff.post(reverse("broadcasts:new"), form_of(bot, buttons=buttons, picture=picture))
    broadcast = Broadcast.objects.get()
    assert saved.url == one(broadcast)
    assert "2 people would get it now" in staff.get(one(broadcast)).content.decode()
    staff.post(reverse("broadcasts:test", args=[broadcast.pk]), {"platform_user_id": "2"})
    assert [len(telegram.messages(TOKEN, number)) for number in (1, 2)] == [0, 1]
    staff.post(reverse("broadcasts:submit", args=[broadcast.pk]), {"scheduled_for": ""})
    send_all()

    page = staff.get(one(broadcast)).content.decode()
    assert "done" in page
    assert staff.get(reverse("broadcasts:progress", args=[broadcast.pk])).json()["sent"] == 2
    assert telegram.messages(TOKEN, 1)[0]["caption"] == "سلام"
    assert staff.get(reverse("broadcasts:picture", args=[broadcast.pk])).content == PNG


def test_the_audience_is_counted_while_it_is_typed(bot):
    config.BROADCAST_APPROVAL_PEOPLE = 1
    add_people(bot, [1, 2], city="tehran")
    add_people(bot, [3], city="isfahan")
    staff, url = browser(), reverse("broadcasts:audience")

    all_of_them = staff.post(url, {"candidate": bot.candidate_id}).json()
    few = staff.post(url, {"candidate": bot.candidate_id, "bot": bot.pk, "cities": ["isfahan"]}).json()

    assert (all_of_them["people"], all_of_them["needs_approval"]) == (3, True)
    assert (few["people"], few["needs_approval"], few["message"]) == (1, False, "1 person would get it.")
    assert staff.post(url, {}).status_code == 400


@pytest.mark.parametrize(
    "buttons", ["no bar", "label | ", "label | http://example.org", "label | javascript://x", f"label | {'x' * 65}"]
)
def test_a_button_that_leads_nowhere_is_refused_at_its_field(bot, buttons):
    answer = browser().post(reverse("broadcasts:new"), form_of(bot, buttons=buttons))

    assert answer.context["form"].errors["buttons"]
    assert not Broadcast.objects.exists()


def test_what_is_no_picture_is_refused(bot):
    answer = browser().post(
        reverse("broadcasts:new"), form_of(bot, picture=SimpleUploadedFile("p.png", b"<svg onload=alert(1)>"))
    )

    assert answer.context["form"].errors["picture"]


def test_somebody_else_approves_what_they_see(bot):
    config.BROADCAST_APPROVAL_PEOPLE = 0
    add_people(bot, [1])
    author = make_staff(Role.OWNER)
    broadcast = make_broadcast(bot, actor=author)
    submit_broadcast(broadcast_id=broadcast.pk, actor=author)
    second = browser(Role.RELEASE_MANAGER)
    url = reverse("broadcasts:submit", args=[broadcast.pk])

    seen = second.get(one(broadcast)).context["seen_hash"]
    second.post(url, {"approve": "1", "seen_hash": "0" * 64})
    broadcast.refresh_from_db()
    assert broadcast.state == "awaiting"
    second.post(url, {"approve": "1", "seen_hash": seen})

    broadcast.refresh_from_db()
    assert broadcast.state == "scheduled"


def test_pausing_going_on_and_stopping_ask_first(bot):
    add_people(bot, [1, 2])
    broadcast = begin(bot)
    staff = browser()
    for name, state in (("pause", "paused"), ("resume", "sending"), ("stop", "stopped")):
        url = reverse(f"broadcasts:{name}", args=[broadcast.pk])
        assert staff.get(url).status_code == 200
        staff.post(url, {"reason": "because"})
        broadcast.refresh_from_db()
        assert broadcast.state == state


def test_the_failed_are_listed_with_their_reasons_and_reading_them_is_recorded(telegram, bot):
    add_people(bot, [1], telegram)
    add_people(bot, [999])
    broadcast = begin(bot)
    send_all()

    page = browser().get(one(broadcast)).content.decode()

    assert "Bad Request: chat not found" in page
    assert AuditLog.objects.filter(action="bots.broadcast.viewed", object_id=str(broadcast.pk)).exists()


def test_an_old_second_factor_is_asked_for_before_it_is_sent(bot):
    add_people(bot, [1])
    broadcast = make_broadcast(bot)
    client = sign_in(make_staff(Role.OWNER), factor_age_seconds=3600)

    answer = client.post(reverse("broadcasts:submit", args=[broadcast.pk]), {})

    broadcast.refresh_from_db()
    assert (answer.status_code, broadcast.state) == (302, "draft")


def test_limited_staff_find_only_their_candidates(bot):
    add_people(bot, [1])
    broadcast = make_broadcast(bot)
    limited = browser(Role.OWNER, candidates=[make_candidate("isfahan")])

    for name in ("one", "edit", "progress", "picture", "submit", "test", "pause"):
        assert limited.get(reverse(f"broadcasts:{name}", args=[broadcast.pk])).status_code == 404
    assert "News" not in limited.get(reverse("admin:bots_broadcast_changelist")).content.decode()
    offered = limited.get(reverse("broadcasts:new")).context["form"].fields
    assert bot.candidate not in offered["candidate"].queryset
    assert bot not in offered["bot"].queryset
    assert limited.post(reverse("broadcasts:audience"), {"candidate": bot.candidate_id}).status_code == 400


@pytest.mark.parametrize(
    ("role", "sees", "writes", "sends"),
    [
        (Role.OWNER, True, True, True),
        (Role.OPERATIONS, True, True, True),
        (Role.SUPPORT, True, True, False),
        (Role.AUDITOR, True, False, False),
    ],
)
def test_roles_may_do_what_they_are_for(bot, role, sees, writes, sends):
    add_people(bot, [1])
    broadcast = make_broadcast(bot)
    client = browser(role)

    found = (
        client.get(one(broadcast)).status_code,
        client.get(reverse("broadcasts:new")).status_code,
        client.post(reverse("broadcasts:submit", args=[broadcast.pk]), {}).status_code,
    )

    assert found == (200 if sees else 403, 200 if writes else 403, 302 if sends else 403)


def test_the_list_leads_to_each_broadcast(bot):
    add_people(bot, [1])
    broadcast = start_broadcast(broadcast_id=_submitted(bot).pk, actor=None)
    staff = browser()

    assert one(broadcast) in staff.get(reverse("admin:bots_broadcast_changelist")).content.decode()
    assert staff.get(reverse("admin:bots_broadcast_change", args=[broadcast.pk])).url == one(broadcast)


def _submitted(bot):
    return submit_broadcast(broadcast_id=make_broadcast(bot).pk, actor=None)
