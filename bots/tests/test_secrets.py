"""What must not stand in clear in the database."""

import pytest

from bots.models import Bot, BotUser, InboundUpdate
from bots.tests.updates import message, send
from common.testing.database import whole_database

pytestmark = pytest.mark.django_db

PHONE, TOKEN, PASSWORD = "989127025006", "123456:a-very-secret-token", "proxy-password"


def test_neither_phones_nor_tokens_nor_secrets_stand_in_clear_in_any_table(bot):
    bot.token, bot.proxy = TOKEN, f"http://name:{PASSWORD}@proxy.example.ir:3128"
    bot.save()
    send(bot, message(contact={"phone_number": PHONE, "first_name": "x", "user_id": 7}))
    send(bot, message(contact={"phone_number": PHONE, "first_name": "x", "user_id": "nonsense"}))
    assert BotUser.objects.get().phone == PHONE
    assert Bot.objects.get().token == TOKEN
    assert all(PHONE in update.body for update in InboundUpdate.objects.all())

    text = whole_database()

    for secret in (PHONE, PHONE[-10:], TOKEN, PASSWORD, bot.webhook_secret):
        assert secret not in text
