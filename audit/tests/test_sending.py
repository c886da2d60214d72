"""Seals on their way off the machine, to real files, a real mail server, a real web server."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from audit.models import SealDestination
from audit.seals import sending
from audit.seals.chain import from_line
from audit.seals.sealing import seal_new_rows
from audit.seals.sending import send_new_seals
from audit.seals.verification import verify_log
from audit.services import record
from audit.tasks import seal
from common.testing.loopback import Collector, MailServer, collector, mail_server  # noqa: F401 (a fixture)

pytestmark = pytest.mark.django_db(transaction=True)  # verifying takes a snapshot of its own


def seal_a_row() -> None:
    with transaction.atomic():
        record(action="audit.test.act", actor=None)
    seal_new_rows()


@pytest.fixture
def web() -> Iterator[Collector]:
    with collector() as server:
        yield server


@pytest.fixture(params=["file", "http", "mailto"])
def kept(request, settings, tmp_path: Path, web: Collector, mail_server: MailServer) -> Callable[[], list[int]]:  # noqa: F811
    """One destination of each kind, configured; gives the numbers of the seals that it has kept."""
    path = tmp_path / "seals.jsonl"
    addresses = {"file": f"file://{path}", "http": web.address, "mailto": "mailto:auditor@example.ir"}
    settings.AUDIT_SEAL_COPIES = [addresses[request.param]]

    def numbers() -> list[int]:
        attached = [part.get_content() for mail in mail_server.mails for part in mail.iter_attachments()]
        bodies = [body.decode() for body in web.bodies]
        files = [path.read_text()] if path.exists() else []
        return [from_line(line).number for text in [*files, *bodies, *map(as_text, attached)] for line in text.split()]

    return numbers


def as_text(content: bytes | str) -> str:
    return content if isinstance(content, str) else content.decode()


def test_every_destination_keeps_each_seal_once_and_in_order(kept) -> None:
    with time_machine.travel("2026-11-22T12:00:00Z") as clock:
        for _hour in range(3):
            seal_a_row()
            send_new_seals()
            clock.shift(dt.timedelta(hours=1))
    assert kept() == [1, 2, 3]
    assert send_new_seals() == 0


def test_the_minutely_task_seals_and_sends(kept) -> None:
    with transaction.atomic():
        record(action="audit.test.act", actor=None)
    seal()
    assert kept() == [1]


def test_mails_are_sent_once_an_hour(settings, mail_server: MailServer) -> None:  # noqa: F811
    settings.AUDIT_SEAL_COPIES = ["mailto:auditor@example.ir"]
    with time_machine.travel("2026-11-22T12:00:00Z") as clock:
        for _minute in range(60):
            seal_a_row()
            send_new_seals()
            clock.shift(dt.timedelta(minutes=1))
        seal_a_row()
        send_new_seals()
    assert len(mail_server.mails) == 2
    assert mail_server.mails[1]["To"] == "auditor@example.ir"


def test_a_backlog_goes_out_at_once_in_parts(settings, mail_server: MailServer, monkeypatch) -> None:  # noqa: F811
    settings.AUDIT_SEAL_COPIES = ["mailto:auditor@example.ir"]
    monkeypatch.setattr(sending, "ROWS_PER_DELIVERY", 2)
    for _number in range(5):
        seal_a_row()
    assert send_new_seals() == 5
    assert len(mail_server.mails) == 3


def test_what_a_file_kept_verifies_the_log(settings, tmp_path: Path) -> None:
    settings.AUDIT_SEAL_COPIES = [f"file://{tmp_path}/seals.jsonl"]
    seal_a_row()
    send_new_seals()
    assert verify_log(copies=[tmp_path / "seals.jsonl"]).findings == []


def test_a_line_that_a_full_disk_cut_does_not_spoil_the_next(settings, tmp_path: Path) -> None:
    path = tmp_path / "seals.jsonl"
    path.write_text('{"number": 1, "sea')
    settings.AUDIT_SEAL_COPIES = [f"file://{path}"]
    seal_a_row()
    send_new_seals()
    assert from_line(path.read_text().splitlines()[1]).number == 1


def test_a_destination_that_fails_gets_everything_later_and_holds_nobody_up(
    settings, web: Collector, tmp_path: Path
) -> None:
    settings.AUDIT_SEAL_COPIES = [web.address, f"file://{tmp_path}/seals.jsonl"]
    web.refusals.append(503)
    seal_a_row()
    assert send_new_seals() == 1
    failing = SealDestination.objects.get(name__startswith="http")
    assert (failing.last_error, failing.failing_since is None) == ("HTTP 503", False)

    assert send_new_seals() == 1
    failing.refresh_from_db()
    assert (failing.last_number, failing.last_error, failing.failing_since) == (1, "", None)


def test_people_are_told_when_seals_do_not_arrive_for_a_quarter_of_an_hour(
    settings,
    web: Collector,
    mail_server: MailServer,  # noqa: F811
) -> None:
    settings.AUDIT_SEAL_COPIES = [web.address]
    settings.ALARM_ADDRESSES = ["operations@example.ir"]
    with time_machine.travel("2026-11-22T12:00:00Z") as clock:
        seal_a_row()
        for _attempt in range(20):
            web.refusals.append(500)
            send_new_seals()
            clock.shift(dt.timedelta(minutes=1))
    assert [mail["To"] for mail in mail_server.mails] == ["operations@example.ir"]
    assert "HTTP 500" in mail_server.mails[0].get_content()


def test_names_of_destinations_hold_no_passwords(settings, web: Collector) -> None:
    settings.AUDIT_SEAL_COPIES = [web.address.replace("http://", "http://user:word@")]
    seal_a_row()
    send_new_seals()
    assert SealDestination.objects.get().name == web.address


def test_an_address_of_another_kind_is_refused(settings) -> None:
    settings.AUDIT_SEAL_COPIES = ["ftp://example.ir/seals"]
    with pytest.raises(ImproperlyConfigured, match="mailto"):
        send_new_seals()
