"""The test server behaves as the Bot API does: its answers, refusals and limits, spoken to by HTTP."""

import json
import threading
import time

import httpx
import pytest

from bots.api.client import BotApi, BotApiError
from bots.testing.bot_api.clock import DrivenClock
from bots.testing.bot_api.controls import ControlRefused
from bots.testing.bot_api.limits import NO_LIMITS
from bots.testing.bot_api.people import Person
from bots.testing.bot_api.schema import answer_faults, value_faults
from bots.testing.bot_api.server import BotApiServer
from common.testing.processes import wait_until

TOKEN, OTHER = "123456:a-very-secret-token", "654321:another-secret-token"
MARYAM = Person(id=7, first_name="مریم", last_name="احمدی", username="maryam", phone="989121234567")
MENU = {"inline_keyboard": [[{"text": "ایده", "callback_data": "contribute:idea"}]]}


class Bot:
    """Calls of one bot, as any HTTP client makes them."""

    def __init__(self, root, token=TOKEN):
        self._client = httpx.Client(base_url=f"{root}/bot{token}", timeout=10)

    def post(self, method, **arguments):
        return self._client.post(f"/{method}", json=arguments)

    def call(self, method, **arguments):
        """The result, which has the published shape."""
        answer = self.post(method, **arguments).json()
        assert answer["ok"], answer
        assert answer_faults(method, answer["result"]) == []
        return answer["result"]

    def refused(self, method, **arguments):
        response = self.post(method, **arguments)
        answer = response.json()
        assert (answer["ok"], answer["error_code"]) == (False, response.status_code)
        return response.status_code, answer["description"]

    def close(self):
        self._client.close()


@pytest.fixture
def clock():
    return DrivenClock()


@pytest.fixture
def platform(clock):
    with BotApiServer(TOKEN, OTHER, clock=clock) as server:
        server.add_people([MARYAM])
        server.act(TOKEN, MARYAM.id, "start", payload="src_site")
        yield server


@pytest.fixture
def bot(platform):
    client = Bot(platform.root)
    yield client
    client.close()


@pytest.fixture
def free_platform():
    """A server without limits on how much is sent."""
    with BotApiServer(TOKEN, limits=NO_LIMITS) as server:
        server.add_people([MARYAM], token=TOKEN)
        yield server


def test_each_answer_and_each_update_has_the_published_shape(free_platform):
    bot = Bot(free_platform.root)
    bot.call("getMe")
    message = bot.call("sendMessage", chat_id=7, text="<b>سلام</b>", parse_mode="HTML", reply_markup=MENU)
    bot.call("sendPhoto", chat_id=7, photo="https://example.ir/a.jpg", caption="عکس")
    number = free_platform.act(TOKEN, 7, "press", message_id=message["message_id"], data="contribute:idea")
    bot.call("answerCallbackQuery", callback_query_id=number, text="باشد")
    bot.call("editMessageText", chat_id=7, message_id=message["message_id"], text="دیگر")
    sent = bot.call(
        "sendPoll", chat_id=7, question="کدام؟", options=[{"text": "یک"}, {"text": "دو"}], is_anonymous=False
    )
    free_platform.act(TOKEN, 7, "vote", poll_id=sent["poll"]["id"], option_ids=[1])
    stopped = bot.call("stopPoll", chat_id=7, message_id=sent["message_id"])
    assert [option["voter_count"] for option in stopped["options"]] == [0, 1]
    own = free_platform.act(TOKEN, 7, "write", text="سلام")
    free_platform.act(TOKEN, 7, "edit", message_id=own, text="درود")
    free_platform.act(TOKEN, 7, "share_contact")
    free_platform.act(TOKEN, 7, "block")
    free_platform.act(TOKEN, 7, "start")
    bot.call("getWebhookInfo")
    kinds = [[key for key in update if key != "update_id"] for update in bot.call("getUpdates")]
    acted = ["callback_query", "poll_answer", "poll", "poll", "message", "edited_message", "message"]
    assert kinds == [[kind] for kind in [*acted, "my_chat_member", "my_chat_member", "message"]]
    assert free_platform.faults == []
    bot.close()


def test_a_request_that_differs_from_the_schema_is_noted(bot, platform):
    bot.post("sendMessage", chat_id=7, text="سلام", colour="red")
    assert platform.faults == ["sendMessage has an unknown colour"]
    assert value_faults("poll", {"id": 5}, "Poll")[0] == "poll lacks question"


def test_our_clients_requests_have_the_published_shape(platform):
    with BotApi(root=platform.root, token=TOKEN) as api:
        assert api.get_me()["is_bot"]
        assert len(api.get_updates(offset=0, wait_seconds=0)) == 1
        api.set_webhook(url="https://bots.example.ir/webhook/x", secret_token="s" * 32)
        api.delete_webhook()
    assert platform.faults == []


def test_arguments_come_by_query_form_and_upload_too(free_platform):
    address = f"{free_platform.root}/bot{TOKEN}"
    assert httpx.get(f"{address}/GETME").json()["ok"]
    assert httpx.get(f"{address}/sendMessage", params={"chat_id": 7, "text": "سلام"}).json()["result"]["text"] == "سلام"
    form = {"chat_id": "7", "text": "منو", "reply_markup": json.dumps(MENU)}
    assert httpx.post(f"{address}/sendMessage", data=form).json()["result"]["reply_markup"] == MENU
    caption, picture = {"chat_id": "7", "caption": "عکس"}, {"photo": ("a.png", b"\x89PNG\r\n\x1a\n")}
    sent = httpx.post(f"{address}/sendPhoto", data=caption, files=picture).json()["result"]
    again = httpx.post(f"{address}/sendPhoto", json={"chat_id": 7, "photo": sent["photo"][0]["file_id"]}).json()
    assert sent["caption"] == "عکس"
    assert again["result"]["photo"] == sent["photo"]


@pytest.mark.parametrize(
    ("method", "arguments", "status", "description"),
    [
        ("sendMessage", {"chat_id": 8, "text": "x"}, 400, "Bad Request: chat not found"),
        ("sendMessage", {"text": "x"}, 400, "Bad Request: chat_id is empty"),
        ("sendMessage", {"chat_id": 7, "text": " "}, 400, "Bad Request: message text is empty"),
        ("sendMessage", {"chat_id": 7, "text": "x" * 4097}, 400, "Bad Request: message is too long"),
        ("sendMessage", {"chat_id": 7, "text": "<p>x", "parse_mode": "HTML"}, 400, "Unsupported start tag"),
        ("sendMessage", {"chat_id": 7, "text": "<b>x", "parse_mode": "HTML"}, 400, "Can't find end tag"),
        ("sendPhoto", {"chat_id": 7}, 400, "Bad Request: there is no photo in the request"),
        ("sendPhoto", {"chat_id": 7, "photo": "x"}, 400, "wrong file identifier/HTTP URL specified"),
        ("sendPhoto", {"chat_id": 7, "photo": "http://a.ir/b", "caption": "x" * 1025}, 400, "caption is too long"),
        ("editMessageText", {"chat_id": 7, "message_id": 1, "text": "x"}, 400, "message to edit not found"),
        ("answerCallbackQuery", {"callback_query_id": "5"}, 400, "query is too old and response timeout expired"),
        ("sendPoll", {"chat_id": 7, "question": "", "options": []}, 400, "poll question must be non-empty"),
        ("sendPoll", {"chat_id": 7, "question": "q" * 301, "options": []}, 400, "length must not exceed 300"),
        ("sendPoll", {"chat_id": 7, "question": "q", "options": []}, 400, "must have at least 1"),
        ("sendPoll", {"chat_id": 7, "question": "q", "options": [{"text": "a"}] * 13}, 400, "more than 12"),
        ("sendPoll", {"chat_id": 7, "question": "q", "options": [{"text": "a" * 101}]}, 400, "must not exceed 100"),
        ("stopPoll", {"chat_id": 7, "message_id": 1}, 400, "message with poll to stop not found"),
        ("setWebhook", {"url": "http://127.0.0.1/x"}, 400, "An HTTPS URL must be provided for webhook"),
        ("setWebhook", {"url": "https://a.ir:9000/x"}, 400, "only on ports 80, 88, 443 or 8443"),
        ("setWebhook", {"url": "https://a.ir/x", "secret_token": "a b"}, 400, "unallowed characters"),
        ("sendSticker", {"chat_id": 7}, 404, "Not Found: method not found"),
    ],
)
def test_what_the_real_one_refuses_is_refused_in_its_words(bot, method, arguments, status, description):
    told_status, told = bot.refused(method, **arguments)
    assert told_status == status
    assert description in told


@pytest.mark.parametrize(
    ("button", "description"),
    [
        ({"text": "x", "callback_data": "y" * 65}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": "ش" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "x"}, "Text buttons are unallowed in the inline keyboard"),
        ({"text": "x", "url": "javascript:1"}, "Wrong HTTP URL"),
        ({"callback_data": "y"}, 'Field "text" must be of type String'),
    ],
)
def test_keyboards_are_judged(bot, button, description):
    status, told = bot.refused("sendMessage", chat_id=7, text="x", reply_markup={"inline_keyboard": [[button]]})
    assert status == 400
    assert description in told


def test_tokens_are_judged(platform):
    def refused(token):
        stranger = Bot(platform.root, token)
        try:
            return stranger.refused("getMe")
        finally:
            stranger.close()

    assert refused("999:nobody-s") == (401, "Unauthorized")
    assert refused("nonsense") == (404, "Not Found")


def test_people_who_blocked_left_or_never_came_are_refused(bot, platform):
    platform.add_people([Person(id=8), Person(id=9)])
    platform.act(TOKEN, 9, "start")
    platform.deactivate(9)
    platform.act(TOKEN, 7, "block")
    assert bot.refused("sendMessage", chat_id=7, text="x") == (403, "Forbidden: bot was blocked by the user")
    assert bot.refused("sendMessage", chat_id=8, text="x")[1].endswith("bot can't initiate conversation with a user")
    assert bot.refused("sendMessage", chat_id=9, text="x") == (403, "Forbidden: user is deactivated")
    platform.act(TOKEN, 7, "start")
    assert bot.call("sendMessage", chat_id=7, text="x")


def test_people_can_only_do_what_their_apps_offer(bot, platform):
    message = bot.call("sendMessage", chat_id=7, text="منو", reply_markup=MENU)
    for act, arguments in [
        ("press", {"message_id": message["message_id"], "data": "not:shown"}),
        ("vote", {"poll_id": "5", "option_ids": [0]}),
        ("edit", {"message_id": message["message_id"], "text": "x"}),
        ("fly", {}),
    ]:
        with pytest.raises(ControlRefused):
            platform.act(TOKEN, 7, act, **arguments)
    with pytest.raises(ControlRefused):
        platform.act(OTHER, 7, "write", text="never started")


def test_editing_twice_to_the_same_is_refused(bot, clock, platform):
    message = bot.call("sendMessage", chat_id=7, text="یک")
    assert (
        "message is not modified"
        in bot.refused("editMessageText", chat_id=7, message_id=message["message_id"], text="یک")[1]
    )


def test_bots_do_not_see_each_other(bot, platform):
    other = Bot(platform.root, OTHER)
    bot.call("sendMessage", chat_id=7, text="سلام")
    assert other.call("getUpdates") == []
    assert other.refused("sendMessage", chat_id=7, text="x")[0] == 403
    assert platform.messages(OTHER, 7) == []
    assert [shown["message"]["text"] for shown in platform.shown()] == ["سلام"]
    other.close()


def test_one_message_a_second_goes_to_a_chat(bot, platform):
    bot.call("sendMessage", chat_id=7, text="1")
    answer = bot.post("sendMessage", chat_id=7, text="2").json()
    assert (answer["error_code"], answer["parameters"]) == (429, {"retry_after": 1})
    assert answer["description"] == "Too Many Requests: retry after 1"
    platform.advance(1)
    bot.call("sendMessage", chat_id=7, text="2")


def test_thirty_messages_a_second_go_out_of_a_bot(bot, platform):
    platform.add_people([Person(id=number) for number in range(100, 200)], token=TOKEN)

    def send_to_many():
        statuses = [bot.post("sendMessage", chat_id=number, text="x").status_code for number in range(100, 140)]
        return statuses.count(200)

    assert send_to_many() == 30
    platform.advance(1)
    assert send_to_many() == 30


def test_twenty_messages_a_minute_go_to_a_group(bot, platform):
    platform.add_group(TOKEN, -5, "ستاد")
    for number in range(20):
        bot.call("sendMessage", chat_id=-5, text=str(number))
    assert bot.post("sendMessage", chat_id=-5, text="x").json()["parameters"] == {"retry_after": 60}
    platform.advance(60)
    bot.call("sendMessage", chat_id=-5, text="x")


def test_updates_are_confirmed_by_the_next_offset_and_kept_for_a_day(bot, platform):
    first = bot.call("getUpdates")[0]["update_id"]
    platform.act(TOKEN, 7, "write", text="دو")
    assert len(bot.call("getUpdates", offset=first)) == 2
    assert [update["update_id"] for update in bot.call("getUpdates", offset=-1)] == [first + 1]
    assert bot.call("getUpdates", offset=first + 2) == []
    platform.act(TOKEN, 7, "write", text="سه")
    platform.advance(24 * 60 * 60)
    assert bot.call("getUpdates") == []


def test_unwanted_kinds_do_not_come(bot, platform):
    start = bot.call("getUpdates", allowed_updates=["callback_query"])
    platform.act(TOKEN, 7, "write", text="سلام")
    assert bot.call("getUpdates") == start
    assert bot.call("getWebhookInfo")["allowed_updates"] == ["callback_query"]


@pytest.fixture
def waiting_call(bot, platform):
    """A getUpdates that waits for its first update, in a thread; gives a list that its answer comes to."""
    offset = bot.call("getUpdates")[0]["update_id"] + 1
    answers = []

    def wait():
        poller = Bot(platform.root)
        answers.append(poller.post("getUpdates", offset=offset, timeout=20).json())
        poller.close()

    thread = threading.Thread(target=wait)
    thread.start()
    assert wait_until(lambda: sum(method == "getUpdates" for method, _arguments in platform.calls) == 2)
    yield answers
    thread.join()


def test_a_long_poll_returns_with_the_first_update(waiting_call, platform):
    platform.act(TOKEN, 7, "write", text="سلام")
    assert wait_until(lambda: waiting_call)
    assert waiting_call[0]["result"][0]["message"]["text"] == "سلام"


def test_a_long_poll_returns_empty_when_its_time_is_up(waiting_call, platform):
    platform.advance(20)
    assert wait_until(lambda: waiting_call)
    assert waiting_call[0] == {"ok": True, "result": []}


def test_a_second_poll_ends_the_first(waiting_call, bot):
    bot.call("getUpdates")
    assert wait_until(lambda: waiting_call)
    assert waiting_call[0]["error_code"] == 409
    assert waiting_call[0]["description"].startswith("Conflict: terminated by other getUpdates request")


def test_setting_a_webhook_ends_a_poll_and_forbids_the_next(waiting_call, bot):
    bot.call("setWebhook", url="https://bots.example.ir/x")
    assert wait_until(lambda: waiting_call)
    assert waiting_call[0]["description"] == "Conflict: terminated by setWebhook request"
    assert bot.refused("getUpdates")[0] == 409
    bot.call("deleteWebhook", drop_pending_updates=True)
    assert bot.call("getUpdates") == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500, 502, 503, 504])
def test_failures_come_as_planned_and_pass(platform, status):
    platform.fail(status, count=2, method="getMe")
    with BotApi(root=platform.root, token=TOKEN) as api:
        api.get_updates(offset=0, wait_seconds=0)
        for _call in range(2):
            with pytest.raises(BotApiError) as refusal:
                api.get_me()
            assert refusal.value.extra["status"] == status
        assert api.get_me()


def test_a_cut_connection_leaves_open_whether_the_call_was_carried_out(platform, bot):
    for is_carried_out in (False, True):
        platform.fail(None, is_carried_out=is_carried_out, method="sendMessage")
        with pytest.raises(httpx.TransportError):
            bot.post("sendMessage", chat_id=7, text="سلام")
        texts = [message["text"] for message in platform.messages(TOKEN, 7) if "text" in message]
        assert ("سلام" in texts) is is_carried_out


def test_slow_answers_are_slow(platform, bot):
    platform.slow_down(0.2)
    started_at = time.monotonic()
    bot.call("getMe")
    assert time.monotonic() - started_at >= 0.2
    platform.slow_down(0)


def test_what_is_no_http_is_cut(platform):
    import socket

    host, port = platform.root.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(b"nonsense\r\n\r\n")
        assert raw.recv(100) == b""
    json_type = {"Content-Type": "application/json"}
    answer = httpx.post(f"{platform.root}/bot{TOKEN}/getMe", content=b"{", headers=json_type).json()
    assert answer["description"] == "Bad Request: can't parse JSON object"
