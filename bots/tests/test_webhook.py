"""What the intake answers, asked over real connections."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from bots.intake import http
from bots.models import Bot, InboundUpdate
from bots.tests.updates import message
from common.testing.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def post(intake, bot, body, **more):
    return intake.post(bot, body if isinstance(body, bytes) else json.dumps(body).encode(), **more)


def test_an_update_is_stored_byte_for_byte_and_answered_200(intake, bot):
    body = b' {"update_id": 5,  "message": {}} '
    assert post(intake, bot, body) == 200
    stored = InboundUpdate.objects.get()
    assert (stored.body.encode(), stored.update_id, stored.state, stored.source) == (body, 5, "pending", "webhook")


def test_an_update_sent_again_is_answered_200_and_stored_once(intake, bot):
    update = message("once")
    assert [post(intake, bot, update) for _time in range(3)] == [200, 200, 200]
    assert InboundUpdate.objects.count() == 1


def test_updates_that_come_at_once_are_each_stored_once(intake, bot):
    bodies = [json.dumps(message(f"number {number}")).encode() for number in range(300)]
    intake.look()
    headers = {"X-Telegram-Bot-Api-Secret-Token": bot.webhook_secret}

    def send(body):
        return intake.request("POST", bot.webhook_path, content=body, headers=headers).status_code

    with ThreadPoolExecutor(16) as threads:
        assert set(threads.map(send, bodies * 2)) == {200}
    assert sorted(update.body.encode() for update in InboundUpdate.objects.all()) == sorted(bodies)


def test_an_unknown_key_is_answered_404(intake, bot):
    assert post(intake, bot, message("x"), path="/webhook/tehran/unknown") == 404


def test_an_unknown_region_is_answered_404(intake, bot):
    assert post(intake, bot, message("x"), path=f"/webhook/atlantis/{bot.webhook_key}") == 404


def test_a_bot_whose_candidate_moved_is_still_reached_by_its_old_path(intake, bot):
    assert post(intake, bot, message("x"), path=f"/webhook/isfahan/{bot.webhook_key}/") == 200


@pytest.mark.parametrize("secret", ["", "wrong", "رمز"])
def test_a_wrong_secret_is_answered_401_and_nothing_is_stored(intake, bot, secret):
    assert post(intake, bot, message("x"), secret=secret) == 401
    assert not InboundUpdate.objects.exists()


@pytest.mark.parametrize("body", [b"", b"{", b"text", b'{"update_id": NaN}', b"\xff", b'{"update_id": 1} x'])
def test_what_is_not_json_is_answered_400_and_nothing_is_stored(intake, bot, body):
    assert post(intake, bot, body) == 400
    assert not InboundUpdate.objects.exists()


def test_a_body_above_a_mebibyte_is_answered_413(intake, bot):
    assert post(intake, bot, b'{"update_id": 1, "x": "' + b"a" * 1024 * 1024 + b'"}') == 413
    assert not InboundUpdate.objects.exists()


def test_a_body_of_just_a_mebibyte_is_stored(intake, bot):
    frame = b'{"update_id": 1, "x": ""}'
    body = frame[:-2] + b"a" * (1024 * 1024 - len(frame)) + frame[-2:]
    assert len(body) == 1024 * 1024
    assert post(intake, bot, body) == 200
    assert InboundUpdate.objects.get().body.encode() == body


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_only_post_is_allowed(intake, bot, method):
    answer = intake.request(method, bot.webhook_path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{}", b"5", b'"x"', b'{"update_id": 1e3}', b'{"update_id": 9223372036854775808}', b'{"update_id": true}'],
)
def test_json_that_is_no_update_is_kept_and_answered_200(intake, bot, body):
    assert post(intake, bot, body) == 200
    assert InboundUpdate.objects.get(update_id=None).body.encode() == body


def test_json_too_deep_or_too_large_to_parse_is_kept(intake, bot):
    bodies = [b"[" * 100_000 + b"]" * 100_000, b'{"update_id": ' + b"9" * 5000 + b"}"]
    assert [post(intake, bot, body) for body in bodies] == [200, 200]
    assert InboundUpdate.objects.count() == 2


@pytest.mark.parametrize("path", ["/webhook/tehran/%00", "/webhook/tehran/", "/webhook", "/", "/admin/", "/%D8%B1"])
def test_any_other_path_is_answered_404(intake, bot, path):
    assert post(intake, bot, message("x"), path=path) == 404


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/health/live/"])
def test_a_probe_is_answered(intake, path):
    assert intake.request("GET", path).status_code == 200


@pytest.mark.parametrize(("proxies", "said", "status"), [(1, "https", 200), (1, "http", 400), (0, "https", 400)])
def test_in_production_only_what_came_by_tls_is_taken(intake, bot, settings, proxies, said, status):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if proxies else None
    assert post(intake, bot, message("x"), **{"X-Forwarded-Proto": said}) == status


def test_a_new_bot_and_a_changed_secret_are_known_within_five_seconds(intake, bot):
    def status(secret):
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
        return intake.request("POST", bot.webhook_path, content=b"{}", headers=headers).status_code

    assert wait_until(lambda: status(bot.webhook_secret) == 200, 5)
    Bot.objects.filter(pk=bot.pk).update(webhook_secret="another")
    assert wait_until(lambda: status("another") == 200, 5)
    assert status(bot.webhook_secret) == 401
    bot.updates.all().delete()
    bot.delete()
    assert wait_until(lambda: status("another") == 404, 5)


def test_a_bot_that_is_gone_costs_no_other_bot_its_update(intake, bot):
    intake.look()
    Bot.objects.filter(pk=bot.pk).update(webhook_key="moved")
    other = Bot.objects.get(pk=bot.pk)
    other.pk, other.slug, other.webhook_key = None, "other", bot.webhook_key + "2"
    other.save()
    intake.look()
    Bot.objects.filter(slug="other").delete()
    headers = {"X-Telegram-Bot-Api-Secret-Token": bot.webhook_secret}

    def send(key):
        return intake.request("POST", f"/webhook/tehran/{key}", content=b"{}", headers=headers).status_code

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(send, ["moved", other.webhook_key] * 4))
    assert set(found[::2]) == {200}
    assert set(found[1::2]) <= {503, 404}
    assert InboundUpdate.objects.count() == 4


def test_while_the_table_can_not_be_written_the_answer_is_503_in_time(intake, bot, monkeypatch):
    from django.db import connection, transaction

    monkeypatch.setattr("bots.intake.inbox.STORE_SECONDS", 0.3)
    intake.look()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE bots_inboundupdate")
        headers = {"X-Telegram-Bot-Api-Secret-Token": bot.webhook_secret}
        answer = intake.request("POST", bot.webhook_path, content=b"{}", headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert wait_until(lambda: intake.request("GET", "/health/ready").status_code == 200)
    assert post(intake, bot, b"{}") == 200


def test_more_than_may_wait_is_answered_503_at_once(intake, bot, monkeypatch):
    monkeypatch.setattr("bots.intake.inbox.MOST_WAITING", 0)
    assert post(intake, bot, b"{}") == 503


def sent_in_part(intake, data):
    """How long the intake bears with a sender who sends this and then nothing, and what it says."""
    host = urlsplit(intake.url)
    started = time.monotonic()
    with socket.create_connection((host.hostname, host.port), timeout=10) as connection:
        connection.sendall(data)
        answer = connection.makefile("rb").read()
    return time.monotonic() - started, answer


def test_a_sender_who_does_not_finish_is_not_waited_for(intake, bot, monkeypatch):
    monkeypatch.setattr(http, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(http, "BODY_SECONDS", 0.3)
    intake.look()
    head = f"POST {bot.webhook_path} HTTP/1.1\r\nHost: x\r\nX-Telegram-Bot-Api-Secret-Token: {bot.webhook_secret}\r\n"
    for data in (b"", b"P", head.encode()):
        seconds, answer = sent_in_part(intake, data)
        assert (answer, seconds < 3) == (b"", True)
    seconds, answer = sent_in_part(intake, f"{head}Content-Length: 10\r\n\r\n{{".encode())
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert seconds < 3
    assert threading.active_count() < 20


@pytest.mark.parametrize(
    "lengths",
    [
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        b"Content-Length: 2\r\nContent-Length: 5\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
    ],
)
def test_a_request_whose_length_can_be_read_two_ways_is_refused(intake, bot, lengths):
    intake.look()
    head = f"POST {bot.webhook_path} HTTP/1.1\r\nHost: x\r\nX-Telegram-Bot-Api-Secret-Token: {bot.webhook_secret}\r\n"
    _seconds, answer = sent_in_part(intake, head.encode() + lengths + b"\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert not InboundUpdate.objects.exists()
