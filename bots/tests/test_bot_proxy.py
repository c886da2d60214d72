"""A bot reaches its platform through a proxy of its own, among those that operators have named."""

import base64
import threading
from collections import deque
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from audit.models import AuditLog
from bots.models import InboundUpdate
from bots.services.bots import delete_webhook, set_webhook
from bots.testing.bot_api.server import BotApiServer
from bots.tests.broadcasting import add_people, begin, chats_reached, make_bot, send_all
from bots.tests.updates import message

TOKEN = "123456:a-very-secret-token"


class Proxy:
    """Passes on what is asked of it; `seen` has name and password with the method of each call."""

    def __init__(self, address):
        self.address = address
        self.seen: deque[tuple[str, str]] = deque()

    @property
    def with_password(self):
        return self.address.replace("http://", "http://name:proxy-password@")


@contextmanager
def running_proxy():
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kind, _space, words = self.headers.get("Proxy-Authorization", "").partition(" ")
            assert kind == "Basic"
            running.seen.append((base64.b64decode(words).decode(), self.path.rpartition("/")[2]))
            headers = {"Content-Type": self.headers["Content-Type"]}
            answer = httpx.post(self.path, content=body, headers=headers, trust_env=False)
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        running = Proxy(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield running
        server.shutdown()


@pytest.fixture
def proxy(settings):
    with running_proxy() as running:
        settings.BOT_PROXIES = [running.address]
        yield running


@pytest.fixture
def platform(bot, settings):
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


def change(client, bot, **fields):
    form = {"candidate": bot.candidate_id, "slug": bot.slug, "name": bot.name, "platform": bot.platform}
    address = reverse("admin:bots_bot_change", args=[bot.pk])
    answer = client.post(address, {**form, "token": "", "api_root": bot.api_root, "proxy": "", **fields})
    bot.refresh_from_db()
    return answer


@pytest.mark.django_db
def test_a_bots_proxy_is_entered_in_the_admin_tried_at_once_and_its_password_never_shown(owner, bot, platform, proxy):
    change(owner, bot, proxy=proxy.with_password)
    assert bot.proxy == proxy.with_password
    assert list(proxy.seen) == [("name:proxy-password", "getMe")]
    page = owner.get(reverse("admin:bots_bot_change", args=[bot.pk])).content.decode()
    assert proxy.address in page
    assert "proxy-password" not in page + str(list(AuditLog.objects.values_list("details", flat=True)))


@pytest.mark.django_db
def test_an_empty_field_keeps_the_proxy_and_a_tick_drops_it(owner, bot, platform, proxy):
    change(owner, bot, proxy=proxy.with_password)
    change(owner, bot, name="Renamed")
    assert (bot.name, bot.proxy) == ("Renamed", proxy.with_password)
    change(owner, bot, drops_proxy="on")
    assert bot.proxy == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    ["http://10.0.0.1:3128", "http://n:x@elsewhere.example:3128", "http://[::1", "nonsense", "ftp://named.example"],
)
def test_a_proxy_that_no_operator_has_named_is_refused(address, owner, bot, platform, proxy, settings):
    settings.BOT_PROXIES = [proxy.address, "ftp://named.example"]  # which nobody can speak to
    answer = change(owner, bot, proxy=address)
    assert "An operator must first name this proxy" in answer.content.decode()
    assert bot.proxy == ""
    assert platform.calls == []


@pytest.mark.django_db(transaction=True)
def test_webhook_polling_and_messages_all_go_through_the_proxy(telegram, proxy, settings):
    settings.INTAKE_URL = "https://bots.example.ir"
    bot = make_bot(telegram)
    bot.proxy = proxy.with_password
    bot.save()
    set_webhook(bot=bot, actor=None)
    delete_webhook(bot=bot, actor=None)
    telegram.give(bot.token, [message("one")])
    call_command("poll_bots", "--once")
    add_people(bot, [1], telegram)
    begin(bot)
    send_all()
    assert InboundUpdate.objects.count() == 1
    assert chats_reached(telegram) == [1]
    assert {method for _who, method in proxy.seen} == {"setWebhook", "deleteWebhook", "getUpdates", "sendMessage"}
    assert {who for who, _method in proxy.seen} == {"name:proxy-password"}
