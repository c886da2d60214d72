"""What staff do with bots and the inbox is recorded before it happens."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from audit.models import AuditLog
from bots.models import InboundUpdate
from bots.services.bots import set_webhook
from bots.services.inbox import store_updates
from bots.testing.bot_api.server import BotApiServer
from bots.tests.updates import message, send
from common.testing.database import audit_log_broken

TOKEN = "123456:a-very-secret-token"
PUBLIC_URL = "https://bots.example.ir"


@pytest.fixture
def platform(bot):
    with BotApiServer(TOKEN) as server:
        bot.token, bot.api_root = TOKEN, server.root
        bot.save()
        yield server


@pytest.mark.django_db(transaction=True)
def test_the_platform_is_not_told_what_can_not_be_recorded(bot, platform, settings):
    settings.INTAKE_URL = PUBLIC_URL
    client = sign_in(make_staff(Role.OWNER))
    with audit_log_broken():
        page = reverse("admin:bots_bot_changelist")
        response = client.post(page, {"action": "set_webhooks", "_selected_action": [bot.pk]})
    assert response.status_code == 503
    assert platform.calls == []


@pytest.mark.django_db
def test_what_the_platform_refuses_is_not_recorded_as_done(bot, platform):
    platform.fail(401)
    with pytest.raises(Exception, match="Unauthorized"):
        set_webhook(bot=bot, actor=None, public_url=PUBLIC_URL)
    assert not AuditLog.objects.filter(action="bots.bot.set_webhook").exists()


@pytest.mark.django_db
def test_a_replay_is_recorded_with_file_bot_and_counts(bot, tmp_path):
    file = tmp_path / "updates.jsonl"
    file.write_text("\n".join(json.dumps({"bot": bot.slug, "update": message(text)}) for text in ("one", "two")))
    call_command("replay_updates", file)
    call_command("replay_updates", file)
    rows = AuditLog.objects.filter(action="bots.inbound_update.replay").order_by("pk")
    assert [(row.object_id, row.actor_id) for row in rows] == [(str(bot.pk), None)] * 2
    counts = [{"file": file.name, "new": 2, "known": 0}, {"file": file.name, "new": 0, "known": 2}]
    assert [row.details for row in rows] == counts


@pytest.mark.django_db(transaction=True)
def test_a_replay_that_can_not_be_recorded_stores_nothing(bot, tmp_path):
    file = tmp_path / "updates.jsonl"
    file.write_text(json.dumps({"bot": bot.slug, "update": message("one")}))
    with audit_log_broken(), pytest.raises((CommandError, RuntimeError)):
        call_command("replay_updates", file)
    assert not InboundUpdate.objects.exists()


@pytest.mark.django_db
def test_retrying_many_is_one_row_with_their_number(bot):
    store_updates(bot=bot, bodies=[b"[]", b"[1]"], source=InboundUpdate.Source.WEBHOOK)
    send(bot)
    staff = make_staff(Role.OPERATIONS)
    chosen = list(InboundUpdate.objects.values_list("pk", flat=True))
    page = reverse("admin:bots_inboundupdate_changelist")
    sign_in(staff).post(page, {"action": "retry", "_selected_action": chosen})
    row = AuditLog.objects.get(action="bots.inbound_update.retry")
    assert (row.actor_id, row.details["count"], sorted(row.details["ids"])) == (staff.pk, 2, sorted(chosen))
