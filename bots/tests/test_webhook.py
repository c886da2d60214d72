import json

import pytest
from django.test import Client

from bots.models import InboundUpdate
from bots.tests.updates import message

pytestmark = pytest.mark.django_db


def post(bot, body, *, secret=None, path=None):
    return Client().post(
        path or bot.webhook_path,
        body if isinstance(body, bytes) else json.dumps(body).encode(),
        content_type="application/json",
        headers={"X-Telegram-Bot-Api-Secret-Token": bot.webhook_secret if secret is None else secret},
    )


def test_an_update_is_stored_byte_for_byte_and_answered_200(bot):
    body = b' {"update_id": 5,  "message": {}} '
    assert post(bot, body).status_code == 200
    stored = InboundUpdate.objects.get()
    assert (stored.body.encode(), stored.update_id, stored.state, stored.source) == (body, 5, "pending", "webhook")


def test_an_update_sent_again_is_answered_200_and_stored_once(bot):
    update = message("once")
    assert [post(bot, update).status_code for _time in range(3)] == [200, 200, 200]
    assert InboundUpdate.objects.count() == 1


def test_an_unknown_key_is_answered_404(bot):
    assert post(bot, message("x"), path="/webhook/tehran/unknown").status_code == 404


def test_an_unknown_region_is_answered_404(bot):
    assert post(bot, message("x"), path=f"/webhook/atlantis/{bot.webhook_key}").status_code == 404


def test_a_bot_whose_candidate_moved_is_still_reached_by_its_old_path(bot):
    assert post(bot, message("x"), path=f"/webhook/isfahan/{bot.webhook_key}").status_code == 200


@pytest.mark.parametrize("secret", ["", "wrong", "رمز"])
def test_a_wrong_secret_is_answered_401_and_nothing_is_stored(bot, secret):
    assert post(bot, message("x"), secret=secret).status_code == 401
    assert not InboundUpdate.objects.exists()


@pytest.mark.parametrize("body", [b"", b"{", b"text", b'{"update_id": NaN}', b"\xff", b'{"update_id": 1} x'])
def test_what_is_not_json_is_answered_400_and_nothing_is_stored(bot, body):
    assert post(bot, body).status_code == 400
    assert not InboundUpdate.objects.exists()


def test_a_body_above_a_mebibyte_is_answered_413(bot):
    body = b'{"update_id": 1, "x": "' + b"a" * 1024 * 1024 + b'"}'
    assert post(bot, body).status_code == 413
    assert not InboundUpdate.objects.exists()


def test_a_body_of_just_a_mebibyte_is_stored(bot):
    frame = b'{"update_id": 1, "x": ""}'
    body = frame[:-2] + b"a" * (1024 * 1024 - len(frame)) + frame[-2:]
    assert len(body) == 1024 * 1024
    assert post(bot, body).status_code == 200


def test_only_post_is_allowed(bot):
    assert Client().get(bot.webhook_path).status_code == 405


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{}", b"5", b'"x"', b'{"update_id": 1e3}', b'{"update_id": 9223372036854775808}', b'{"update_id": true}'],
)
def test_json_that_is_no_update_is_kept_and_answered_200(bot, body):
    assert post(bot, body).status_code == 200
    assert InboundUpdate.objects.get(update_id=None).body.encode() == body


def test_json_too_deep_or_too_large_to_parse_is_kept(bot):
    bodies = [b"[" * 100_000 + b"]" * 100_000, b'{"update_id": ' + b"9" * 5000 + b"}"]
    assert [post(bot, body).status_code for body in bodies] == [200, 200]
    assert InboundUpdate.objects.count() == 2


def test_a_webhook_path_cannot_carry_what_the_database_refuses(bot):
    assert post(bot, message("x"), path="/webhook/tehran/%00").status_code == 404
