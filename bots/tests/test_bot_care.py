"""Tokens are checked, webhooks watched and put right; people hear of trouble once, and once more when it is over."""

import datetime as dt

import httpx
import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from bots.api.client import BotApi, WebhookInfo
from bots.care.health import Look, Thresholds, judge_webhook, look_at_webhook
from bots.models import Bot, BotHealth
from bots.services.bots import create_bot, delete_webhook, set_webhook
from bots.tasks import check_tokens, watch_bots
from bots.testing.bot_api.server import BotApiServer
from bots.tests.updates import message
from common.testing.processes import wait_until

pytestmark = pytest.mark.django_db

TOKEN, WRONG_TOKEN = "123456:a-very-secret-token", "654321:another-secret"
PUBLIC_URL = "https://bots.example.ir"


@pytest.fixture
def platform(bot, settings):
    settings.INTAKE_URL, settings.ALARM_ADDRESSES = PUBLIC_URL, ["operations@example.ir"]
    with BotApiServer(TOKEN) as server:
        settings.BOT_API_SERVERS = [server.root]
        bot.token, bot.api_root = TOKEN, server.root
        bot.save()
        yield server


@pytest.fixture
def owner(db):
    client = sign_in(make_staff(Role.OWNER))
    client.cookies["django_language"] = "en"
    return client


def health(bot):
    return BotHealth.objects.get(bot=bot)


def subjects(mailoutbox):
    return [mail.subject.partition("(")[2].rstrip(")") for mail in mailoutbox]


def bot_form(bot, **fields):
    usual = {"candidate": bot.candidate_id, "slug": bot.slug, "name": bot.name, "platform": bot.platform}
    return {**usual, "token": "", "proxy": "", "api_root": bot.api_root, **fields}


def change(client, bot, **fields):
    return client.post(reverse("admin:bots_bot_change", args=[bot.pk]), bot_form(bot, **fields), follow=True)


def act(client, bot, name):
    return client.post(reverse(f"bots-staff:care-{name}", args=[bot.pk]), follow=True).content.decode()


def page_of(client, bot):
    return client.get(reverse("bots-staff:care", args=[bot.pk])).content.decode()


# The token.


def test_a_good_token_is_taken_with_the_bots_name(owner, bot, platform):
    Bot.objects.update(token="", token_index="")
    answer = change(owner, bot, token=TOKEN)
    bot.refresh_from_db()
    assert (bot.token, bot.username) == (TOKEN, "electionsite_123456_bot")
    assert health(bot).token_checked_at is not None
    assert "@electionsite_123456_bot" in owner.get(answer.redirect_chain[-1][0]).content.decode() + page_of(owner, bot)


def test_a_token_that_the_platform_does_not_know_is_refused_in_words(owner, bot, platform):
    answer = change(owner, bot, token=WRONG_TOKEN)
    assert "Copy it once more from BotFather" in answer.content.decode()
    bot.refresh_from_db()
    assert bot.token == TOKEN


def test_a_platform_out_of_reach_keeps_nobody_from_entering_a_token(owner, bot, platform):
    platform.fail(None)
    assert "not checked yet" in change(owner, bot, token=f"{TOKEN}2").content.decode()
    bot.refresh_from_db()
    assert bot.token == f"{TOKEN}2"
    assert health(bot).token_checked_at is None


def test_the_platform_is_not_asked_when_something_else_changes(owner, bot, platform):
    change(owner, bot, name="Renamed")
    bot.refresh_from_db()
    assert (bot.name, bot.token, platform.calls) == ("Renamed", TOKEN, [])


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.AUDITOR, Role.DATA_OFFICER])
def test_who_may_only_look_sees_neither_token_nor_proxy_password(role, bot, platform, settings):
    settings.BOT_PROXIES = ["http://proxy.example.ir:3128"]
    bot.proxy = "http://name:proxy-password@proxy.example.ir:3128"
    bot.save()
    client = sign_in(make_staff(role))
    for page in (reverse("admin:bots_bot_change", args=[bot.pk]), reverse("bots-staff:care", args=[bot.pk])):
        content = client.get(page).content.decode()
        assert bot.name in content
        assert TOKEN not in content
        assert "proxy-password" not in content


def test_every_night_a_token_that_was_revoked_raises_an_alarm_once(bot, platform, mailoutbox):
    assert check_tokens() == 0
    bot.refresh_from_db()
    assert bot.username == "electionsite_123456_bot"
    platform.fail(401, count=2)
    assert [check_tokens(), check_tokens()] == [1, 1]
    assert subjects(mailoutbox) == [f"bot-token/{bot.slug}"]
    assert check_tokens() == 0
    assert subjects(mailoutbox)[1:] == [f"bot-token-over/{bot.slug}"]


def test_a_night_without_the_platform_tells_nothing_of_tokens(bot, platform, mailoutbox):
    platform.fail(None)
    assert check_tokens() == 0
    assert not BotHealth.objects.exists()


# The webhook.


def test_the_webhook_is_set_by_a_button_and_recorded(owner, bot, platform):
    assert "The platform sends the updates here" in act(owner, bot, "connect")
    bot.refresh_from_db()
    assert (bot.webhook_url, bot.receives_by) == (PUBLIC_URL + bot.webhook_path, "webhook")
    assert AuditLog.objects.filter(action="bots.bot.set_webhook", actor_id__isnull=False).count() == 1


def test_what_the_platform_refuses_is_told_on_the_page(owner, bot, platform):
    platform.fail(400, description="Bad Request: bad webhook")
    assert "bad webhook" in act(owner, bot, "connect")


def test_a_page_does_not_wait_long_for_a_slow_platform(owner, bot, platform, monkeypatch):
    monkeypatch.setattr("bots.staff.care.PAGE_SECONDS", 0.2)
    platform.slow_down(5)
    began = timezone.now()
    assert "could not be reached" in act(owner, bot, "connect")
    assert timezone.now() - began < dt.timedelta(seconds=3)


def test_what_the_platform_tells_is_shown_with_its_time_on_page_and_list(owner, bot, platform):
    set_webhook(bot=bot, actor=None)
    assert watch_bots() == 0
    found = health(bot)
    assert (found.waiting, found.sends_to, found.troubles) == (0, "bots.example.ir", [])
    assert found.checked_at is not None
    assert "bots.example.ir" in page_of(owner, bot)
    assert "Works: its updates are sent here." in owner.get(reverse("admin:bots_bot_changelist")).content.decode()


def test_a_bot_without_trouble_raises_no_alarm(bot, platform, mailoutbox):
    set_webhook(bot=bot, actor=None)
    watch_bots()
    assert mailoutbox == []


def test_updates_that_go_elsewhere_are_brought_back_once_and_told_twice(bot, platform, mailoutbox):
    set_webhook(bot=bot, actor=None)
    elsewhere = "https://elsewhere.example/secret-path"
    steal(platform, bot, elsewhere)
    assert watch_bots() == 1
    assert last_url(platform) == PUBLIC_URL + bot.webhook_path
    assert subjects(mailoutbox) == [f"bot-address/{bot.slug}"]
    assert "secret-path" not in mailoutbox[0].body + str(BotHealth.objects.values())
    assert watch_bots() == 0
    assert subjects(mailoutbox)[1:] == [f"bot-address-over/{bot.slug}"]


def test_kinds_of_updates_that_somebody_else_left_out_come_again(bot, platform):
    wish = {"url": "https://elsewhere.example/", "allowed_updates": ["message"]}
    assert httpx.post(f"{platform.root}/bot{TOKEN}/setWebhook", json=wish, trust_env=False).json()["ok"]
    set_webhook(bot=bot, actor=None)
    told = httpx.post(f"{platform.root}/bot{TOKEN}/getWebhookInfo", trust_env=False).json()["result"]
    assert "allowed_updates" not in told


def test_bringing_updates_back_is_tried_once_only(bot, platform, mailoutbox):
    set_webhook(bot=bot, actor=None)
    steal(platform, bot, "https://elsewhere.example/")
    platform.fail(500, method="setWebhook")
    assert [watch_bots(), watch_bots(), watch_bots()] == [1, 1, 1]
    assert [method for method, _arguments in platform.calls].count("setWebhook") == 3  # ours, theirs, one attempt
    assert len(mailoutbox) == 1


def test_a_webhook_that_somebody_set_for_a_polled_bot_is_removed(bot, platform):
    delete_webhook(bot=bot, actor=None)
    steal(platform, bot, "https://elsewhere.example/")
    assert [watch_bots(), watch_bots()] == [1, 0]
    assert last_url(platform) == ""


def test_too_many_waiting_updates_raise_an_alarm_by_the_system_setting(bot, platform, mailoutbox):
    delete_webhook(bot=bot, actor=None)
    call_command("constance", "set", "BOT_WAITING_ALARM", "2")
    platform.give(TOKEN, [message("one")])
    assert watch_bots() == 0
    platform.give(TOKEN, [message("two")])
    assert watch_bots() == 1
    assert subjects(mailoutbox) == [f"bot-waiting/{bot.slug}"]


def test_updates_that_can_not_be_delivered_raise_an_alarm_with_the_platforms_words(bot, settings, mailoutbox):
    settings.ALARM_ADDRESSES = ["operations@example.ir"]
    with BotApiServer(TOKEN, is_local_mode=True) as server:
        bot.token, bot.api_root = TOKEN, server.root
        bot.save()
        set_webhook(bot=bot, actor=None, public_url="http://127.0.0.1:9")
        server.give(TOKEN, [message("one")])
        assert wait_until(lambda: watch_bots() == 1)
    assert (health(bot).troubles, health(bot).last_error) == (["delivery"], "Connection refused")
    assert subjects(mailoutbox) == [f"bot-delivery/{bot.slug}"]
    assert "Connection refused" in mailoutbox[0].body


@pytest.mark.parametrize(("minutes", "troubles"), [(9, ["delivery"]), (11, [])])
def test_a_failed_delivery_counts_for_as_long_as_staff_say(minutes, troubles, bot):
    now = timezone.now()
    told = WebhookInfo(url="", waiting=0, last_error="x", last_error_at=now - dt.timedelta(minutes=minutes))
    thresholds = Thresholds.from_settings()
    assert judge_webhook(bot, BotHealth(bot=bot), Look(info=told), thresholds, now) == troubles


def test_a_silent_platform_is_trouble_after_a_while_and_what_was_known_stays(bot, platform, mailoutbox):
    delete_webhook(bot=bot, actor=None)
    call_command("constance", "set", "BOT_WAITING_ALARM", "1")
    platform.give(TOKEN, [message("one")])
    watch_bots()
    platform.fail(None, count=2)
    assert watch_bots() == 1
    assert health(bot).troubles == ["waiting"]
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=16), tick=True):
        watch_bots()
        assert health(bot).troubles == ["waiting", "silence"]
        watch_bots()
        assert health(bot).troubles == ["waiting"]
    assert subjects(mailoutbox) == [f"bot-{what}/{bot.slug}" for what in ("waiting", "silence", "silence-over")]


def test_many_bots_with_the_same_trouble_are_one_alarm(bot, platform, mailoutbox):
    other = create_bot(
        candidate=make_candidate(), slug="zz", name="other", token="5:unknown", api_root=platform.root, actor=None
    )
    platform.fail(401, count=2)
    assert watch_bots() == 2
    assert subjects(mailoutbox) == [f"bot-token/{bot.slug}+1"]
    assert other.slug in mailoutbox[0].body


def test_staff_ask_the_platform_now(owner, bot, platform):
    set_webhook(bot=bot, actor=None)
    assert "The platform was asked." in act(owner, bot, "look")
    assert health(bot).checked_at is not None


def test_staff_who_ask_are_told_when_the_platform_does_not_answer(owner, bot, platform):
    platform.fail(502, body="<html>Bad Gateway</html>")
    assert "HTTP status 502" in act(owner, bot, "look")
    assert health(bot).answer == "HTTP 502"
    Bot.objects.update(token="", token_index="")
    assert "has no token yet" in act(owner, bot, "look")


@pytest.mark.parametrize("result", ["[]", '{"url": 5}', '{"url": "", "last_error_date": 99999999999999999}', "null"])
def test_one_platform_that_talks_nonsense_does_not_end_the_watch_of_others(result, bot, platform):
    create_bot(candidate=make_candidate(), slug="zz", name="zz", token="5:other", api_root=platform.root, actor=None)
    platform.fail(200, token=TOKEN, body=f'{{"ok": true, "result": {result}}}')
    watch_bots()
    answers = sorted(BotHealth.objects.values_list("answer", flat=True))
    assert answers == ["Unauthorized", "not-bot-api"]


def test_what_staff_change_while_the_platform_is_asked_is_not_put_back(bot, platform, monkeypatch):
    set_webhook(bot=bot, actor=None)

    def ask(asked, **_options):
        look = look_at_webhook(asked)
        delete_webhook(bot=bot, actor=None)  # just now, by somebody else
        return look

    monkeypatch.setattr("bots.services.care.look_at_all", lambda bots, _look: [(one, ask(one)) for one in bots])
    watch_bots()
    bot.refresh_from_db()
    assert (bot.receives_by, last_url(platform)) == ("polling", "")


def test_a_bot_without_a_token_is_not_looked_after(bot, settings):
    assert (watch_bots(), check_tokens()) == (0, 0)
    assert not BotHealth.objects.exists()


def test_bots_that_need_care_stand_on_the_home_page_and_in_a_filter_of_the_list(owner, bot, platform):
    assert "Bots that need care" not in owner.get("/admin/").content.decode()
    platform.fail(401)
    watch_bots()
    assert "Bots that need care" in owner.get("/admin/").content.decode()
    listing = reverse("admin:bots_bot_changelist")
    found = {state: list(owner.get(listing, {"state": state}).context["cl"].queryset) for state in ("care", "paused")}
    assert found == {"care": [bot], "paused": []}


def test_buttons_are_for_those_who_may_change_bots_within_their_scope(bot, platform):
    looker = sign_in(make_staff(Role.SUPPORT))
    limited = sign_in(make_staff(Role.OWNER, candidates=[make_candidate("elsewhere")]))
    for name in ("connect", "fetch", "look"):
        address = reverse(f"bots-staff:care-{name}", args=[bot.pk])
        assert [looker.post(address).status_code, limited.post(address).status_code] == [403, 404]
        assert sign_in(make_staff(Role.OWNER)).get(address).status_code == 405
    assert limited.get(reverse("bots-staff:care", args=[bot.pk])).status_code == 404
    assert platform.calls == []


def test_a_list_of_slow_platforms_is_left_off_in_time_and_says_for_which(owner, bot, platform, monkeypatch):
    other = create_bot(
        candidate=make_candidate(), slug="zz", name="zz", token="5:other", api_root=platform.root, actor=None
    )
    monkeypatch.setattr("bots.admin.bot.ACTION_SECONDS", 0.0)
    chosen = {"action": "set_webhooks", "_selected_action": [bot.pk, other.pk]}
    page = owner.post(reverse("admin:bots_bot_changelist"), chosen, follow=True).content.decode()
    assert "Do it once more for: " in page
    assert platform.calls == []


def test_the_looks_are_scheduled():
    tasks = PeriodicTask.objects.filter(task__in=["bots.watch_bots", "bots.check_tokens", "bots.follow_plans"])
    every = {task.task: (task.interval.every, task.interval.period) for task in tasks if task.interval}
    assert every == dict.fromkeys(["bots.watch_bots", "bots.follow_plans"], (5, "minutes"))
    assert [task.crontab.hour for task in tasks if task.crontab] == ["4"]


def steal(platform, bot, url):
    """Somebody else who has the token sets another webhook."""
    with BotApi.of(bot) as api:
        api.set_webhook(url=url, secret_token="")


def last_url(platform):
    return [arguments.get("url", "") for method, arguments in platform.calls if method != "getWebhookInfo"][-1]
