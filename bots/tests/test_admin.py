import pytest
from django.db import connection
from django.urls import reverse

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from bots.models import Bot, BotUser, InboundUpdate
from bots.services.bots import create_bot
from bots.services.inbox import store_updates
from bots.tests.updates import button, message, poll, send, update, vote

pytestmark = pytest.mark.django_db

PHONE = "+989127025006"
LISTS = ["bot", "botuser", "click", "message", "contribution", "poll", "inboundupdate"]


@pytest.fixture
def other_bot(db):
    return create_bot(
        candidate=make_candidate("isfahan", city="isfahan"), slug="isfahan-1", name="Isfahan bot", actor=None
    )


@pytest.fixture
def traffic(bot, other_bot):
    for here, name in ((bot, "تهرانی"), (other_bot, "اصفهانی")):
        send(
            here, message("/start src_poster"), button("contribute:idea"), message(f"پیشنهاد {name}"),
            poll(f"نظر {name}"), vote([0]),
            message(contact={"phone_number": PHONE, "first_name": "x", "user_id": 7}), update(tomorrow={}),
        )  # fmt: skip
        BotUser.objects.filter(bot=here).update(first_name=name)


def listing(model):
    return reverse(f"admin:bots_{model}_changelist")


@pytest.mark.parametrize("model", LISTS)
def test_every_list_and_page_opens_for_an_owner(model, traffic):
    client = sign_in(make_staff(Role.OWNER))
    response = client.get(listing(model))
    assert response.status_code == 200
    for row in response.context["cl"].queryset:
        assert client.get(reverse(f"admin:bots_{model}_change", args=[row.pk])).status_code == 200


@pytest.mark.parametrize("model", LISTS)
def test_limited_staff_see_rows_and_names_of_their_candidates_only(model, traffic, bot):
    client = sign_in(make_staff(Role.OWNER, candidates=[bot.candidate]))
    response = client.get(listing(model))
    bots = {row if model == "bot" else row.bot for row in response.context["cl"].queryset}
    assert bots == {bot}
    page = response.content.decode()
    assert "اصفهانی" not in page
    assert "Isfahan bot" not in page


@pytest.mark.parametrize("model", LISTS)
def test_limited_staff_cannot_open_others_rows(model, traffic, bot, other_bot):
    client = sign_in(make_staff(Role.OWNER, candidates=[bot.candidate]))
    rows = Bot.objects.filter(pk=other_bot.pk)
    if model != "bot":
        from django.apps import apps

        rows = apps.get_model("bots", model).objects.filter(bot=other_bot)
    response = client.get(reverse(f"admin:bots_{model}_change", args=[rows[0].pk]))
    assert response.status_code == 302
    assert response["Location"] == reverse("admin:index")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 2), ("bot__id__exact={bot}", 1), ("bot__candidate__id__exact={candidate}", 1), ("source=poster", 2),
        ("source=-", 0), ("city=-", 2), ("city=qom", 0), ("is_blocked__exact=1", 0), ("is_blocked__exact=0", 2),
        ("first_seen_at__from=1404/09/01&first_seen_at__to=1404/09/01", 2), ("first_seen_at__to=1404/08/30", 0),
        ("q=۰۹۱۲۷۰۲۵۰۰۶", 2), ("q=7", 2), ("q=تهرانی", 1),
    ],
)  # fmt: skip
def test_each_filter_of_the_bot_users_gives_its_rows(query, count, traffic, bot):
    client = sign_in(make_staff(Role.OWNER))
    query = query.format(bot=bot.pk, candidate=bot.candidate_id)
    assert client.get(f"{listing('botuser')}?{query}").context["cl"].queryset.count() == count


@pytest.mark.parametrize("value", ["%00", "99999999999999999999", "-1", "x", "%ED%A0%80", "'; --", "۹۹"])
@pytest.mark.parametrize(
    "name",
    [
        "source", "city", "q", "p", "o", "is_blocked__exact", "bot__id__exact", "bot__candidate__id__exact",
        "first_seen_at__to",
    ],
)  # fmt: skip
def test_nonsense_in_the_address_breaks_neither_the_list_nor_its_export(name, value, traffic):
    client = sign_in(make_staff(Role.OWNER))
    for page in (listing("botuser"), reverse("exports:bot-users"), listing("inboundupdate")):
        assert client.get(f"{page}?{name}={value}").status_code < 500


def test_a_phone_is_shown_and_found_only_with_the_permission(traffic):
    person = BotUser.objects.all()[0]
    page = reverse("admin:bots_botuser_change", args=[person.pk])
    with_right, without = sign_in(make_staff(Role.OWNER)), sign_in(make_staff(Role.AUDITOR))
    assert PHONE in with_right.get(page).content.decode()
    assert PHONE not in without.get(page).content.decode()
    assert without.get(f"{listing('botuser')}?q={PHONE.strip('+')}").context["cl"].queryset.count() == 0
    update_page = reverse(
        "admin:bots_inboundupdate_change", args=[InboundUpdate.objects.filter(kind="message").order_by("-pk")[0].pk]
    )
    assert PHONE in with_right.get(update_page).content.decode()
    assert PHONE not in without.get(update_page).content.decode()


def test_a_rejected_update_is_shown_with_its_reason_and_retried_from_the_list(bot):
    store_updates(bot=bot, bodies=[b"[]"], source=InboundUpdate.Source.WEBHOOK)
    send(bot)
    rejected = InboundUpdate.objects.get(state="rejected")
    client = sign_in(make_staff(Role.OPERATIONS))
    assert rejected.reason in client.get(f"{listing('inboundupdate')}?state__exact=rejected").content.decode()
    client.post(listing("inboundupdate"), {"action": "retry", "_selected_action": [rejected.pk]})
    rejected.refresh_from_db()
    assert rejected.state == "pending"


@pytest.mark.parametrize(("term", "count"), [("poll_answer", 2), ("nothing", 0), ("۹" * 30, 0), ("", 14)])
def test_the_inbox_is_searched_by_kind_and_number(term, count, traffic):
    client = sign_in(make_staff(Role.OWNER))
    assert client.get(listing("inboundupdate"), {"q": term}).context["cl"].queryset.count() == count
    number = InboundUpdate.objects.all()[0].update_id
    assert client.get(listing("inboundupdate"), {"q": str(number)}).context["cl"].queryset.count() == 1


def test_retrying_needs_its_permission(bot):
    store_updates(bot=bot, bodies=[b"[]"], source=InboundUpdate.Source.WEBHOOK)
    send(bot)
    client = sign_in(make_staff(Role.AUDITOR))
    client.post(listing("inboundupdate"), {"action": "retry", "_selected_action": [InboundUpdate.objects.get().pk]})
    assert InboundUpdate.objects.get().state == "rejected"


def test_a_page_whose_value_cannot_be_decrypted_says_so(traffic, settings):
    client = sign_in(make_staff(Role.OWNER))
    person = BotUser.objects.defer("phone")[0]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE bots_botuser SET phone = left(phone, -8) || 'AAAAAAAA'")
    page = client.get(reverse("admin:bots_botuser_change", args=[person.pk])).content.decode()
    assert "دستکاری" in page


def bot_form(candidate, **fields):
    return {
        "candidate": candidate.pk,
        "slug": "new",
        "name": "New",
        "platform": "telegram",
        "token": "",
        "api_root": "",
        **fields,
    }


def test_a_token_is_stored_encrypted_and_never_shown_again(bot):
    client = sign_in(make_staff(Role.OWNER))
    client.post(reverse("admin:bots_bot_add"), bot_form(bot.candidate, token="1:secret-token"))
    made = Bot.objects.get(slug="new")
    assert made.token == "1:secret-token"
    page = reverse("admin:bots_bot_change", args=[made.pk])
    assert "secret-token" not in client.get(page).content.decode()
    client.post(page, bot_form(bot.candidate, name="Renamed"))
    made.refresh_from_db()
    assert (made.name, made.token) == ("Renamed", "1:secret-token")
    assert "secret-token" not in str(list(AuditLog.objects.values_list("details", flat=True)))


def test_a_token_that_another_bot_uses_is_refused_in_the_form(bot):
    bot.token = "1:secret-token"
    bot.save()
    client = sign_in(make_staff(Role.OWNER))
    response = client.post(reverse("admin:bots_bot_add"), bot_form(bot.candidate, token="1:secret-token"))
    assert "token" in response.context["adminform"].form.errors


def test_a_bot_without_updates_can_be_deleted_and_one_with_updates_cannot(bot, other_bot):
    send(bot, message("x"))
    client = sign_in(make_staff(Role.OWNER))
    for doomed in (bot, other_bot):
        client.post(reverse("admin:bots_bot_delete", args=[doomed.pk]), {"post": "yes"})
    assert list(Bot.objects.all()) == [bot]
