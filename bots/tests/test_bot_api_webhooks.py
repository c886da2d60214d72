"""How the test server delivers updates: to a real receiver, in order, until it is answered 2xx."""

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from bots.api.client import BotApi
from bots.testing.bot_api.clock import DrivenClock
from bots.testing.bot_api.people import Person
from bots.testing.bot_api.server import BotApiServer
from bots.testing.bot_api.webhook import pause_seconds
from common.testing.processes import wait_until

TOKEN = "123456:a-very-secret-token"


class Receiver:
    """Keeps what it is sent; `answers` are the statuses given before 200, each with a Retry-After or none."""

    def __init__(self):
        self.updates: list[dict[str, Any]] = []
        self.secrets: set[str | None] = set()
        self.answers: deque[tuple[int, int | None]] = deque()
        self.attempts = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, retry_after = receiver.answers.popleft() if receiver.answers else (200, None)
                if status == 200:
                    receiver.updates.append(body)
                    receiver.secrets.add(self.headers["X-Telegram-Bot-Api-Secret-Token"])
                self.send_response(status)
                if retry_after:
                    self.send_header("Retry-After", str(retry_after))
                self.send_header("Content-Length", "0")
                self.end_headers()
                receiver.attempts += 1

            def log_message(self, *words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def texts(self):
        return [update["message"]["text"] for update in self.updates]


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def platform():
    with BotApiServer(TOKEN, clock=DrivenClock(), is_local_mode=True) as server:
        server.add_people([Person(id=7), Person(id=8)], token=TOKEN)
        yield server


@pytest.fixture
def api(platform):
    with BotApi(root=platform.root, token=TOKEN) as api:
        yield api


def webhook_info(platform):
    return httpx.get(f"{platform.root}/bot{TOKEN}/getWebhookInfo").json()["result"]


def test_what_waited_and_what_comes_is_delivered_in_order_with_the_secret(platform, api, receiver):
    platform.act(TOKEN, 7, "write", text="1")
    api.set_webhook(url=receiver.url, secret_token="very-secret")
    for number in range(2, 30):
        platform.act(TOKEN, 7, "write", text=str(number))
    assert wait_until(lambda: len(receiver.updates) == 29)
    assert receiver.texts() == [str(number) for number in range(1, 30)]
    assert receiver.secrets == {"very-secret"}
    assert wait_until(lambda: webhook_info(platform)["pending_update_count"] == 0)
    assert "last_error_message" not in webhook_info(platform)


def test_what_is_not_answered_2xx_is_repeated_with_growing_pauses(platform, api, receiver):
    receiver.answers.extend([(503, None)] * 4)
    api.set_webhook(url=receiver.url, secret_token="")
    platform.act(TOKEN, 7, "write", text="1")
    assert wait_until(lambda: receiver.attempts == 2)  # the first repetition comes at once
    for attempts, pause in ((3, 2), (4, 4), (5, 8)):
        assert wait_until(lambda: platform_sleeps(platform))
        platform.advance(pause - 1)
        assert receiver.attempts == attempts - 1
        platform.advance(1)
        assert wait_until(lambda attempts=attempts: receiver.attempts == attempts)
    assert wait_until(lambda: receiver.texts() == ["1"])
    info = webhook_info(platform)
    assert info["last_error_message"] == "Wrong response from the webhook: 503 Service Unavailable"
    assert info["last_error_date"] >= 1_763_800_000


def platform_sleeps(platform):
    return bool(platform._platform.clock._sleepers)


def test_pauses_grow_up_to_a_minute():
    assert [pause_seconds(failures) for failures in range(1, 9)] == [0, 2, 4, 8, 16, 32, 60, 60]


def test_a_retry_after_of_the_receiver_is_obeyed(platform, api, receiver):
    receiver.answers.append((503, 30))
    api.set_webhook(url=receiver.url, secret_token="")
    platform.act(TOKEN, 7, "write", text="1")
    assert wait_until(lambda: platform_sleeps(platform))
    platform.advance(29)
    assert receiver.updates == []
    platform.advance(1)
    assert wait_until(lambda: receiver.texts() == ["1"])


def test_a_failing_chat_holds_up_its_own_updates_only(platform, api, receiver):
    receiver.answers.extend([(500, None)] * 2)
    api.set_webhook(url=receiver.url, secret_token="")
    platform.act(TOKEN, 7, "write", text="first")
    assert wait_until(lambda: platform_sleeps(platform))
    platform.act(TOKEN, 7, "write", text="second")
    platform.act(TOKEN, 8, "write", text="of another")
    assert wait_until(lambda: receiver.texts() == ["of another"])
    assert webhook_info(platform)["pending_update_count"] == 2
    platform.advance(2)
    assert wait_until(lambda: receiver.texts() == ["of another", "first", "second"])


def test_a_receiver_that_is_not_there_is_told_and_found_later(platform, api, receiver):
    api.set_webhook(url="http://127.0.0.1:9/", secret_token="")
    platform.act(TOKEN, 7, "write", text="1")
    assert wait_until(lambda: webhook_info(platform).get("last_error_message") == "Connection refused")
    api.set_webhook(url=receiver.url, secret_token="")
    assert wait_until(lambda: receiver.texts() == ["1"])


def test_after_a_day_an_update_is_given_up(platform, api, receiver):
    receiver.answers.extend([(500, None)] * 2)
    api.set_webhook(url=receiver.url, secret_token="")
    platform.act(TOKEN, 7, "write", text="1")
    assert wait_until(lambda: platform_sleeps(platform))
    platform.advance(24 * 60 * 60)
    assert wait_until(lambda: webhook_info(platform)["pending_update_count"] == 0)
    platform.act(TOKEN, 7, "write", text="2")
    assert wait_until(lambda: receiver.texts() == ["2"])


def test_without_its_webhook_a_bot_polls_what_was_not_delivered(platform, api, receiver):
    receiver.answers.extend([(500, None)] * 2)
    api.set_webhook(url=receiver.url, secret_token="")
    platform.act(TOKEN, 7, "write", text="1")
    assert wait_until(lambda: platform_sleeps(platform))
    api.delete_webhook()
    assert len(api.get_updates(offset=0, wait_seconds=0)) == 1
