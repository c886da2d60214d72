"""What leaves the process and how it is put together: calls, log lines, packages."""

import base64
import datetime as dt
import http.server
import io
import logging
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.mail import BadHeaderError, send_mail
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from bots.api.client import BotApi, BotApiError
from bots.services.bots import create_bot
from bots.testing.bot_api.server import BotApiServer
from common.environment import PROJECT_DIR
from common.errors import DomainError
from electionsite.log_lines import LineFormatter

TOKEN = "1:made-up"


@contextmanager
def serving(server: http.server.ThreadingHTTPServer) -> Iterator[None]:
    server.handle_error = lambda *connection: None  # type: ignore[method-assign]  # a refused handshake is no news
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield
    server.shutdown()
    server.server_close()


@contextmanager
def self_signed_server(folder) -> Iterator[str]:
    """An https server whose certificate nobody vouches for; gives its address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(tz=dt.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "self-signed.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server):
        yield f"https://localhost:{server.server_port}"


@contextmanager
def redirecting_server(to: str) -> Iterator[str]:
    """A server that answers everything with the way to `to`; gives its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(307)
            self.send_header("Location", to)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}"


def test_a_platform_whose_certificate_nobody_vouches_for_gets_no_token(tmp_path):
    with self_signed_server(tmp_path) as root, BotApi(root=root, token=TOKEN) as api, pytest.raises(BotApiError) as no:
        api.get_me()
    assert no.value.code == "unreachable"


def test_no_redirect_of_the_platform_is_followed():
    with BotApiServer(TOKEN) as elsewhere, redirecting_server(f"{elsewhere.root}/bot{TOKEN}/getMe") as root:
        with BotApi(root=root, token=TOKEN) as api, pytest.raises(BotApiError):
            api.get_me()
        assert elsewhere.calls == []


@pytest.mark.django_db
def test_a_bot_talks_to_no_server_that_operators_have_not_named(settings):
    def bot_at(api_root):
        return create_bot(candidate=make_candidate(), slug="b", name="b", api_root=api_root, actor=None)

    with pytest.raises(DomainError):
        bot_at("https://bot-api.internal/")
    settings.BOT_API_SERVERS = ["https://bot-api.internal"]
    assert bot_at("https://bot-api.internal/").effective_api_root == "https://bot-api.internal"


@pytest.mark.django_db(transaction=True)
def test_an_update_that_came_without_tls_is_refused_and_not_redirected(intake, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    bot = create_bot(candidate=make_candidate(), slug="b", name="b", actor=None)
    assert intake.post(bot, b"{}") == intake.post(bot, b"{}", **{"X-Forwarded-Proto": "http"}) == 400
    assert intake.post(bot, b"{}", **{"X-Forwarded-Proto": "https"}) == 200


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
def test_a_request_whose_length_can_be_read_two_ways_is_refused(gunicorn_site, lengths):
    host = urlsplit(gunicorn_site)
    with socket.create_connection((host.hostname, host.port), timeout=10) as connection:
        connection.sendall(b"POST /csp-report HTTP/1.1\r\nHost: localhost\r\n" + lengths + b"\r\n0\r\n\r\n")
        answer = connection.makefile("rb").read()
    assert re.match(rb"HTTP/1.1 (400|501) ", answer)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close" in answer


@pytest.mark.django_db
def test_a_bots_address_and_secret_can_not_be_guessed():
    bots = [create_bot(candidate=make_candidate(), slug=f"b{n}", name="b", actor=None) for n in range(20)]
    assert len({bot.webhook_key for bot in bots} | {bot.webhook_secret for bot in bots}) == 40
    for bot in bots:
        assert len(base64.urlsafe_b64decode(bot.webhook_key + "==")) == 16
        assert len(base64.urlsafe_b64decode(bot.webhook_secret + "=")) == 32


@pytest.mark.parametrize("words", ["x\nBcc: evil@example.org", "x\r\n\r\nanother body"])
def test_a_line_break_can_not_add_a_header_to_our_mails(mailoutbox, words):
    with pytest.raises(BadHeaderError):
        send_mail(words, "text", None, ["operations@example.ir"])
    with pytest.raises(BadHeaderError):
        send_mail("subject", "text", None, [words])
    assert mailoutbox == []


def logged(level: int, *args: object, **options: object) -> str:
    """What `logger.log` writes to the console, by the formatter of the settings."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LineFormatter("{asctime} {levelname} {name}: {message}", style="{"))
    logger = logging.getLogger("a test")
    logger.addHandler(handler)
    logger.log(level, *args, **options)  # type: ignore[arg-type]
    logger.removeHandler(handler)
    return stream.getvalue()


def test_a_log_line_begins_with_its_time_in_utc():
    line = logged(logging.WARNING, "x")
    moment = dt.datetime.fromisoformat(line.split(" ")[0])
    assert moment.utcoffset() == dt.timedelta(0)
    assert dt.datetime.now(tz=dt.UTC) - moment < dt.timedelta(minutes=1)


def test_text_from_outside_can_not_begin_a_log_line():
    forged = "2026-01-01T00:00:00.000+00:00 INFO accounts: signed in"
    try:
        raise ValueError(f"x\n{forged}")
    except ValueError:
        text = logged(logging.ERROR, "Not found: %s", f"/\r\n{forged}\u2028\x1b[31m", exc_info=True)
    lines = text.splitlines()
    assert lines[0].endswith("\\x1b[31m")
    assert all(line.startswith("    ") for line in lines[1:])


@pytest.mark.django_db
def test_an_unexpected_error_is_logged_with_its_place_and_not_told(monkeypatch, caplog):
    client = Client(raise_request_exception=False)
    monkeypatch.setattr("scaling.views.run_probes", lambda: 1 / 0)
    response = client.get("/health/ready")
    assert response.status_code == 500
    assert "ZeroDivisionError" not in response.content.decode()
    entry = next(record for record in caplog.records if record.name == "django.request")
    assert entry.levelname == "ERROR"
    assert entry.exc_info
    assert entry.exc_info[0] is ZeroDivisionError


@pytest.mark.django_db
def test_a_page_that_was_refused_is_a_security_event_with_the_person():
    support = make_staff(Role.SUPPORT)
    assert sign_in(support).get("/admin/audit/auditlog/?q=x").status_code == 403
    row = AuditLog.objects.get(action="security.access.refused")
    assert row.actor_id == support.pk
    assert row.details == {"method": "GET", "path": "/admin/audit/auditlog/"}


@pytest.mark.django_db
def test_a_form_without_its_token_is_a_security_event():
    assert Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "x"}).status_code == 403
    row = AuditLog.objects.get(action="security.access.refused")
    assert (row.actor_id, row.details["method"]) == (None, "POST")


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-s3.txt", "requirements-embedded.txt", "requirements-dev.txt"]
)
def test_every_package_is_pinned_by_version_and_hash(name):
    text = (PROJECT_DIR / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert len(lines) > 3
    for line in lines:
        assert re.match(r"\S+==\S+ .*--hash=sha256:[0-9a-f]{64}", line), line


def test_production_installs_no_tools_of_tests_and_development():
    packages = set(re.findall(r"^([\w.-]+)==", (PROJECT_DIR / "requirements.txt").read_text(), flags=re.MULTILINE))
    assert {"django", "gunicorn", "psycopg"} <= packages
    assert not packages & {"pytest", "playwright", "hypothesis", "ruff", "mypy", "django-debug-toolbar", "ipython"}


@pytest.mark.django_db
def test_a_fresh_installation_has_no_accounts():
    assert not User.objects.exists()
