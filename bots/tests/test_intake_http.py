"""How the intake's connections behave, byte by byte. Probes need no bot, so most ask for those."""

import json
import socket
import struct
import threading
import time
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command

from bots.intake import http
from bots.models import InboundUpdate
from bots.tests.updates import message

LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\n"


def connect(intake):
    address = urlsplit(intake.url)
    return socket.create_connection((address.hostname, address.port), timeout=10)


def say(intake, data, *, ends=False):
    """All that is answered until the intake closes; `ends` closes our own direction first."""
    with connect(intake) as connection:
        connection.sendall(data)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        return connection.makefile("rb").read()


def update_head(bot, *headers):
    secret = f"X-Telegram-Bot-Api-Secret-Token: {bot.webhook_secret}"
    lines = (f"POST {bot.webhook_path} HTTP/1.1", "Host: x", secret, *headers)
    return "\r\n".join((*lines, "", "")).encode()


def test_a_connection_serves_one_request_after_the_other(running_intake):
    with connect(running_intake) as connection:
        answers = connection.makefile("rb")
        for _request in range(3):
            connection.sendall(LIVE)
            assert [answers.readline() for _line in range(3)] == [OK, b"Content-Length: 0\r\n", b"\r\n"]


def test_who_asks_for_it_or_speaks_http_1_0_is_answered_and_let_go(running_intake):
    for request in (LIVE.replace(b"Host", b"Connection: close\r\nHost"), LIVE.replace(b"1.1", b"1.0")):
        assert say(running_intake, request) == OK + b"Connection: close\r\nContent-Length: 0\r\n\r\n"


def test_requests_sent_ahead_are_answered_in_their_order(running_intake):
    unknown = LIVE.replace(b"live", b"other")
    answers = say(running_intake, LIVE + unknown + LIVE, ends=True)
    assert [line.split()[1] for line in answers.splitlines() if line.startswith(b"HTTP/")] == [b"200", b"404", b"200"]


@pytest.mark.django_db(transaction=True)
def test_a_probe_sent_after_an_update_waits_for_its_answer(intake, bot):
    intake.look()
    updates = [json.dumps(message("x")).encode() for _update in range(50)]
    requests = [update_head(bot, f"Content-Length: {len(body)}") + body + LIVE for body in updates]
    wrong = update_head(bot, "Content-Length: 1") + b"x"
    answers = say(intake, b"".join(requests) + wrong, ends=True)
    statuses = [line.split()[1] for line in answers.splitlines() if line.startswith(b"HTTP/")]
    assert statuses == [b"200"] * 100 + [b"400"]
    assert InboundUpdate.objects.count() == 50


@pytest.mark.django_db(transaction=True)
def test_a_body_may_come_in_pieces_and_chunks(intake, bot):
    intake.look()
    request = update_head(bot, "Transfer-Encoding: chunked", "Connection: close")
    pieces = [b'6\r\n{"upda', b"\r\n", b'8\r\nte_id":7\r\n1\r\n', b"}\r\n0\r\nX-Trailer: x\r\n", b"\r\n"]
    with connect(intake) as connection:
        for piece in (request[:30], request[30:], *pieces):
            connection.sendall(piece)
            time.sleep(0.01)  # so that it leaves as a packet of its own
        assert connection.makefile("rb").read().startswith(OK)
    assert InboundUpdate.objects.get().body == '{"update_id":7}'


@pytest.mark.django_db(transaction=True)
def test_a_sender_who_asks_before_the_body_is_told_to_go_on_or_refused(intake, bot):
    intake.look()
    head = update_head(bot, "Content-Length: 2", "Expect: 100-continue", "Connection: close")
    with connect(intake) as connection:
        connection.sendall(head)
        answers = connection.makefile("rb")
        assert [answers.readline(), answers.readline()] == [b"HTTP/1.1 100 Continue\r\n", b"\r\n"]
        connection.sendall(b"{}")
        assert answers.readline() == OK
    assert say(intake, head.replace(bot.webhook_secret.encode(), b"wrong")).startswith(b"HTTP/1.1 401 ")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "size", [b"Content-Length: 1048577", b"Content-Length: 99999999999", b"Transfer-Encoding: chunked"]
)
def test_a_body_too_large_is_refused_before_it_has_come(intake, bot, size):
    intake.look()
    request = update_head(bot, size.decode())
    if b"chunked" in size:
        request += b"100001\r\n" + b"x" * 1048577
    assert say(intake, request).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("head", [LIVE[:-2] + b"X: " + b"x" * 300_000, b"GET /" + b"x" * 300_000])
def test_an_endless_head_is_refused(running_intake, head):
    assert say(running_intake, head).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        LIVE.replace(b"1.1", b"9.9"),
        b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_no_request_is_answered_400(running_intake, request_bytes):
    answers = say(running_intake, request_bytes)
    assert answers.startswith(b"HTTP/1.1 400 ")
    assert answers.count(b"HTTP/1.1 ") == 1


def test_an_offer_to_speak_another_protocol_is_declined(running_intake):
    offer = LIVE.replace(b"Host", b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHost")
    assert say(running_intake, offer) == b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def test_who_keeps_silent_is_let_go(running_intake, monkeypatch):
    monkeypatch.setattr(http, "KEEP_ALIVE_SECONDS", 0.3)
    started = time.monotonic()
    assert say(running_intake, LIVE).startswith(OK)
    assert time.monotonic() - started < 5


def test_who_goes_away_or_resets_harms_nobody(running_intake):
    for data in (b"", LIVE[:10], LIVE * 100):
        connection = connect(running_intake)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(data)
        connection.close()
    assert running_intake.request("GET", "/health/ready").status_code == 200


def test_who_never_reads_the_answers_is_cut_off(running_intake):
    def ask_for_ever(connection):
        while True:
            connection.sendall(LIVE * 1000)

    with connect(running_intake) as connection, pytest.raises((ConnectionError, TimeoutError)):
        ask_for_ever(connection)
    assert threading.active_count() < 20
    assert running_intake.request("GET", "/health/ready").status_code == 200


@pytest.mark.parametrize("processes", [1, 2])
def test_a_port_that_is_taken_is_refused(running_intake, processes):
    with pytest.raises(CommandError, match="Address already in use"):
        call_command("run_intake", port=urlsplit(running_intake.url).port, processes=processes)


def test_no_process_at_all_is_refused():
    with pytest.raises(CommandError, match="At least one process"):
        call_command("run_intake", processes=0)
