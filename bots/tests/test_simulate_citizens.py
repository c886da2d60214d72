"""Made-up citizens at the test server, whose updates come in by the true way: our webhook over real HTTP."""

import httpx
import pytest
from django.core.management import CommandError, call_command

from audit.models import AuditLog
from bots.models import BotUser, InboundUpdate, Message
from bots.projection.worker import project_inbox
from bots.services.bots import create_bot, set_webhook, use_server
from bots.testing.bot_api.limits import NO_LIMITS
from bots.testing.bot_api.server import BotApiServer
from bots.testing.citizens.citizen import Citizen
from bots.testing.citizens.town import Town
from bots.testing.citizens.words import CITIES, CONTRIBUTIONS
from common.errors import DomainError
from common.testing.processes import wait_until

TOKEN = "1000001:made-up"
MENU = {
    "inline_keyboard": [
        [
            {"text": "ایده", "callback_data": "contribute:idea"},
            {"text": "شکایت", "callback_data": "contribute:complaint"},
        ],
        [{"text": "تهران", "callback_data": "city:tehran"}],
    ]
}


@pytest.fixture
def platform(settings):
    with BotApiServer(TOKEN, limits=NO_LIMITS, is_local_mode=True) as server:
        settings.BOT_API_SERVERS = [server.root]
        yield server


def simulate(**options):
    call_command("simulate_citizens", people=20, rate=2_000, seed=3, verbosity=0, **options)


def make_bot(platform):
    from accounts.testing import make_candidate

    bot = create_bot(candidate=make_candidate("tehran"), slug="tehran-1", name="Tehran bot", actor=None)
    use_server(bot=bot, api_root=platform.root, token=TOKEN, actor=None)
    return bot


@pytest.mark.django_db(transaction=True)
def test_their_updates_come_in_by_the_webhook_and_are_used(platform, intake, capsys):
    bot = make_bot(platform)
    set_webhook(bot=bot, actor=None, public_url=intake.url)
    intake.look()
    simulate(acts=200)
    assert wait_until(lambda: platform.waiting(TOKEN) == [], 30)
    info = httpx.get(f"{platform.root}/bot{TOKEN}/getWebhookInfo").json()["result"]
    assert "last_error_message" not in info
    assert InboundUpdate.objects.count() >= 200
    report = project_inbox()
    assert (report.rejected, report.unused) == (0, 0)
    assert BotUser.objects.count() == 20
    assert BotUser.objects.filter(source__in=["site", "poster", "sms", "friend", "instagram"]).exists()
    assert any(city in text for text in Message.objects.values_list("text", flat=True) for city in CITIES)
    assert "write" in capsys.readouterr().out


def answer(call, method, **content):
    """Send something as our bot would; people who have blocked it meanwhile get nothing."""
    assert call.post(f"/{method}", json=content).status_code in (200, 403)


def test_they_use_the_buttons_and_polls_that_they_are_shown(platform):
    town = Town(platform, [TOKEN], people=5, seed=3)
    town.settle()
    options = [{"text": "یک"}, {"text": "دو"}]
    with httpx.Client(base_url=f"{platform.root}/bot{TOKEN}") as bot:
        for step in range(200):
            town.act()
            town.look()
            for chat_id in {update["message"]["chat"]["id"] for update in take_updates(bot) if "message" in update}:
                if step % 5:
                    answer(bot, "sendMessage", chat_id=chat_id, text="منو", reply_markup=MENU)
                else:
                    answer(bot, "sendPoll", chat_id=chat_id, question="؟", options=options, is_anonymous=False)
    assert {"start", "write", "press", "vote", "share_contact", "block"} <= town.done.keys()
    assert town.done["refused"] == 0
    assert town.messages_seen > 50
    said = {message.get("text") for citizen in town.citizens for message in platform.messages(TOKEN, citizen.person.id)}
    ideas = {text.format(city=citizen.city) for citizen in town.citizens for text in CONTRIBUTIONS["idea"]}
    assert said & ideas


def take_updates(bot):
    updates = bot.post("/getUpdates").json()["result"]
    if updates:
        bot.post("/getUpdates", json={"offset": updates[-1]["update_id"] + 1})
    return updates


def test_the_same_seed_gives_the_same_people_who_do_the_same():
    def lives(seed):
        citizens = [Citizen(number, seed, [TOKEN, "1000002:made-up"]) for number in range(50)]
        return [(citizen.person, citizen.token, [citizen.next_deed() for _time in range(20)]) for citizen in citizens]

    assert lives(3) == lives(3)
    assert lives(3) != lives(4)


@pytest.mark.django_db
def test_ctrl_c_ends_them_with_a_summary(platform, monkeypatch, capsys):
    make_bot(platform)
    acted: list[Town] = []

    def act_until_stopped(town):
        if len(acted) == 10:
            raise KeyboardInterrupt
        acted.append(town)
        act(town)

    act = Town.act
    monkeypatch.setattr(Town, "act", act_until_stopped)
    simulate()
    told = capsys.readouterr().out
    assert "start" in told
    assert "0 messages of bots seen." in told


@pytest.mark.django_db
def test_they_need_a_test_server_and_never_run_in_production(settings):
    with pytest.raises(CommandError, match="test server"):
        simulate()
    with pytest.raises(CommandError, match="above zero"):
        call_command("simulate_citizens", people=0)
    settings.IS_PRODUCTION = True
    with pytest.raises(CommandError, match="production"):
        simulate()


@pytest.mark.django_db
def test_a_bot_uses_no_server_that_operators_have_not_named(platform, settings):
    bot = make_bot(platform)
    assert AuditLog.objects.filter(action="bots.bot.change", object_id=str(bot.pk)).exists()
    with pytest.raises(DomainError) as refusal:
        use_server(bot=bot, api_root="http://127.0.0.1:1", token=TOKEN, actor=None)
    assert refusal.value.code == "bot-invalid"


@pytest.mark.django_db
@pytest.mark.parametrize(("public_url", "is_taken"), [
    ("http://127.0.0.1:8000", True), ("https://bots.example.ir", True), ("http://bots.example.ir", False),
])  # fmt: skip
def test_plain_http_is_for_webhooks_on_this_machine_only(platform, public_url, is_taken):
    bot = make_bot(platform)
    if is_taken:
        assert set_webhook(bot=bot, actor=None, public_url=public_url) == public_url + bot.webhook_path
        return
    with pytest.raises(DomainError) as refusal:
        set_webhook(bot=bot, actor=None, public_url=public_url)
    assert refusal.value.code == "no-public-url"


@pytest.mark.django_db
def test_plain_http_is_not_for_the_platforms_own_servers(bot):
    with pytest.raises(DomainError) as refusal:
        set_webhook(bot=bot, actor=None, public_url="http://127.0.0.1:8000")
    assert refusal.value.code == "no-public-url"
