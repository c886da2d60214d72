"""Servers on loopback that stand for what is outside our reach: a mail server, a collector of what is posted."""

import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class MailServer:
    """Takes mails by SMTP (RFC 5321); `refusals` are answered instead of taking one, such as `452 too many mails`."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refusals: deque[str] = deque()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's)
        if self.refusals:
            return self.refusals.popleft()
        content = envelope.original_content or b""
        self.mails.append(message_from_bytes(content, policy=policy.default))
        return "250 kept"


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    """A mail server, and the site set to send its mails there."""
    server = MailServer()
    with socket.create_server(("127.0.0.1", 0)) as probe:  # aiosmtpd wants to know its port beforehand
        port = probe.getsockname()[1]
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    yield server
    controller.stop()


class Collector:
    """Keeps the bodies that are posted to it; `refusals` are statuses answered instead of keeping one."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.bodies: list[bytes] = []
        self.refusals: deque[int] = deque()


@contextmanager
def collector() -> Iterator[Collector]:
    """A web server that collects what is posted."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = collected.refusals.popleft() if collected.refusals else 204
            if status < 300:
                collected.bodies.append(body)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_words: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collected = Collector(f"http://127.0.0.1:{server.server_port}/seals")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield collected
        server.shutdown()
