"""The pace of a bot, quiet hours, and what an answer tells: values in, a decision out."""

import datetime as dt
import random

import httpx
import pytest

from bots.sending.hours import is_quiet
from bots.sending.outcome import Fate, judge_answer, judge_error
from bots.sending.pace import ChatPace, Pace
from common.jalali import TEHRAN


def send_for(pace: Pace, seconds: float, *, answer_seconds=lambda: 0.01, lag_seconds=lambda: 0.0) -> list[float]:
    """When a platform counts the messages of a bot that sends as its pace allows; each some time before its answer."""
    now = 1000.0
    counted: list[float] = []
    answers: list[tuple[int, float]] = []
    end = now + seconds
    while now < end:
        now = max(now, pace.free_at()) + lag_seconds()
        for place, answered_at in [one for one in answers if one[1] <= now]:
            pace.note_answer(place, answered_at)
            answers.remove((place, answered_at))
        if pace.free_at() > now:
            continue
        for _message in range(pace.group_size):
            answer = answer_seconds()
            answers.append((pace.take(now), now + answer))
            counted.append(now + random.Random(len(counted)).uniform(0, min(answer, 0.04)))
    return sorted(counted)


def most_in_a_second(moments: list[float]) -> int:
    return max(sum(1 for other in moments if moment <= other < moment + 1) for moment in moments)


@pytest.mark.parametrize("per_second", [1, 5, 30, 100])
def test_no_second_holds_more_than_the_limit(per_second):
    chance = random.Random(3)

    counted = send_for(
        Pace(per_second),
        20,
        answer_seconds=lambda: chance.uniform(0.001, 0.2),
        lag_seconds=lambda: chance.choice([0, 0, 0, 0.02, 0.3]),
    )

    assert most_in_a_second(counted) <= per_second


@pytest.mark.parametrize("answer_seconds", [0.002, 0.03, 0.3, 2.0])
def test_it_comes_near_the_limit_however_slow_the_answers_are(answer_seconds):
    counted = send_for(Pace(30), 60, answer_seconds=lambda: answer_seconds)

    assert 28.5 <= len(counted) / 60 <= 30.5


def test_a_wait_that_the_platform_asked_for_is_for_all_of_the_bots_messages():
    pace = Pace(30)
    pace.wait(7, now=100)

    assert pace.free_at() == 107


def test_trouble_waits_longer_each_time_and_finds_out_with_one_message():
    pace, waits, now = Pace(30), [], 100.0
    for _failure in range(8):
        pace.note_trouble(now)
        waits.append(pace.free_at() - now)
        now = pace.free_at()

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert pace.group_size == 1
    pace.note_success()
    assert pace.group_size == 3


def test_failures_that_come_together_count_once():
    pace = Pace(30)
    for _failure in range(5):
        pace.note_trouble(100)

    assert pace.free_at() == 101


def test_a_chat_gets_one_message_a_second():
    chats = ChatPace(1)

    assert [chats.take(7, 100.0), chats.take(8, 100.2), chats.take(7, 100.25), chats.take(7, 105)] == [0, 0, 0.75, 0]


def test_only_chats_of_the_last_second_are_remembered():
    chats = ChatPace(1)
    for number in range(10_000):
        chats.take(number, number / 30)

    assert len(chats._free_at) < 60


@pytest.mark.parametrize(
    ("clock", "quiet"), [("21:59", False), ("22:00", True), ("03:00", True), ("07:59", True), ("08:00", False)]
)
def test_quiet_hours_go_over_midnight_in_tehran(clock, quiet):
    moment = dt.datetime.combine(dt.date(2026, 5, 1), dt.time.fromisoformat(clock), tzinfo=TEHRAN)

    assert is_quiet(moment.astimezone(dt.UTC), dt.time(22), dt.time(8)) is quiet


def test_without_quiet_hours_no_moment_is_quiet():
    assert not is_quiet(dt.datetime(2026, 5, 1, 3, tzinfo=TEHRAN), None, None)


def answer(status: int, description: str, **parameters: object) -> httpx.Response:
    told = {"ok": False, "error_code": status, "description": description, "parameters": parameters}
    return httpx.Response(status, json=told)


@pytest.mark.parametrize(
    ("response", "fate"),
    [
        (httpx.Response(200, json={"ok": True, "result": {"message_id": 5}}), Fate.SENT),
        (answer(403, "Forbidden: bot was blocked by the user"), Fate.BLOCKED),
        (answer(403, "Forbidden: user is deactivated"), Fate.BLOCKED),
        (answer(400, "Bad Request: chat not found"), Fate.FAILED),
        (answer(401, "Unauthorized"), Fate.HALT),
        (answer(404, "Not Found"), Fate.HALT),
        (answer(429, "Too Many Requests: retry after 5", retry_after=5), Fate.RETRY),
        (answer(500, "Internal Server Error"), Fate.RETRY),
        (httpx.Response(502, text="<html>Bad Gateway</html>"), Fate.UNCERTAIN),
        (httpx.Response(200, text="<html>Sign in to this network</html>"), Fate.UNCERTAIN),
    ],
)
def test_an_answer_tells_what_became_of_a_message(response, fate):
    assert judge_answer(response).fate is fate


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (httpx.ConnectError, Fate.RETRY),
        (httpx.ConnectTimeout, Fate.RETRY),
        (httpx.PoolTimeout, Fate.RETRY),
        (httpx.ReadTimeout, Fate.UNCERTAIN),
        (httpx.WriteTimeout, Fate.UNCERTAIN),
        (httpx.ReadError, Fate.UNCERTAIN),
        (httpx.RemoteProtocolError, Fate.UNCERTAIN),
    ],
)
def test_without_an_answer_it_depends_on_whether_anything_had_left(error, fate):
    assert judge_error(error("")).fate is fate
