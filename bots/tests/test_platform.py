"""Polling and webhooks, against a Bot API server on loopback."""

import logging

import pytest
from django.core.management import CommandError, call_command

from audit.models import AuditLog
from bots.api.client import BotApi, BotApiError
from bots.models import InboundUpdate
from bots.services.polling import fetch_updates
from bots.testing.bot_api.server import BotApiServer
from bots.tests.updates import message

pytestmark = pytest.mark.django_db

TOKEN = "123456:a-very-secret-token"


@pytest.fixture
def platform(bot):
    with BotApiServer(TOKEN) as server:
        bot.token, bot.api_root = TOKEN, server.root
        bot.save()
        yield server


def test_polling_stores_updates_and_confirms_them_with_the_next_call_only(bot, platform, capsys):
    platform.give(TOKEN, [message("one"), message("two")])
    call_command("poll_bot", bot.slug, once=True)
    assert InboundUpdate.objects.filter(source="polling").count() == 2
    assert len(platform.waiting(TOKEN)) == 2
    call_command("poll_bot", bot.slug, once=True)
    assert platform.waiting(TOKEN) == []
    assert InboundUpdate.objects.count() == 2


def test_a_crash_before_the_commit_fetches_the_same_updates_again(bot, platform, monkeypatch):
    platform.give(TOKEN, [message("one")])
    monkeypatch.setattr(type(bot), "save", lambda *args, **kwargs: 1 / 0)
    with BotApi.of(bot) as api, pytest.raises(ZeroDivisionError):
        fetch_updates(bot=bot, api=api, wait_seconds=0)
    monkeypatch.undo()
    bot.refresh_from_db()
    assert not InboundUpdate.objects.exists()
    with BotApi.of(bot) as api:
        assert fetch_updates(bot=bot, api=api, wait_seconds=0).new == 1


def test_a_wrong_token_is_told_with_the_remedy_and_never_shown(bot, platform, caplog):
    bot.token = "654321:another-secret"
    bot.save()
    with caplog.at_level(logging.DEBUG), pytest.raises(CommandError, match="Unauthorized") as refusal:
        call_command("poll_bot", bot.slug, once=True)
    assert "another-secret" not in str(refusal.value) + repr(refusal.value.__cause__)


def test_polling_while_a_webhook_is_set_tells_how_to_remove_it(bot, platform):
    with BotApi.of(bot) as api:
        api.set_webhook(url="https://elsewhere.example", secret_token="")
    with pytest.raises(CommandError, match="set_webhook SLUG --delete"):
        call_command("poll_bot", bot.slug, once=True)


def test_a_bot_without_a_token_is_told(bot):
    with pytest.raises(CommandError, match=bot.slug):
        call_command("poll_bot", bot.slug, once=True)


def test_an_unknown_bot_is_told_with_those_there_are(bot):
    with pytest.raises(CommandError, match=bot.slug):
        call_command("poll_bot", "nobody")


def test_waiting_time_asked_for_by_the_platform_is_told(bot, platform):
    platform.fail(429, retry_after=7)
    with BotApi.of(bot) as api, pytest.raises(BotApiError) as refusal:
        api.get_me()
    assert refusal.value.is_passing
    assert refusal.value.extra["retry_after_seconds"] == 7


def test_an_answer_that_is_not_the_bot_apis_is_told(bot, platform):
    platform.fail(502, body="<html>Bad Gateway</html>")
    with BotApi.of(bot) as api, pytest.raises(BotApiError) as refusal:
        api.get_me()
    assert (refusal.value.code, refusal.value.is_passing) == ("not-bot-api", True)


def test_a_platform_out_of_reach_is_told_without_the_token(bot):
    bot.token, bot.api_root = TOKEN, "http://127.0.0.1:9"
    with BotApi.of(bot) as api, pytest.raises(BotApiError) as refusal:
        api.get_me()
    assert refusal.value.is_passing
    assert TOKEN not in repr(refusal.value)
    assert refusal.value.__cause__ is None


def test_setting_the_webhook_sends_path_and_secret_and_is_audited(bot, platform, settings, capsys):
    settings.INTAKE_URL = "https://bots.example.ir"
    call_command("set_webhook", bot.slug)
    told = {"url": f"https://bots.example.ir{bot.webhook_path}", "secret_token": bot.webhook_secret}
    assert platform.calls == [("setWebhook", {**told, "allowed_updates": []})]
    row = AuditLog.objects.get(action="bots.bot.set_webhook")
    assert bot.webhook_secret not in str(row.details)
    call_command("set_webhook", bot.slug, delete=True)
    assert platform.calls[1:] == [("deleteWebhook", {})]


def test_a_webhook_needs_a_public_https_address(bot, platform, settings):
    settings.INTAKE_URL = ""
    with pytest.raises(CommandError, match="ELECTIONSITE_PUBLIC_URL"):
        call_command("set_webhook", bot.slug)
