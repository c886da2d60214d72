"""The mails about exports, by a real mail server: to whom, what they say, and that each comes once."""

import datetime as dt
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.utils.translation import override

from accounts.models import StaffScope
from accounts.roles import Role
from accounts.testing import make_candidate, sign_in
from audit.models import AuditLog
from common.testing.loopback import MailServer, mail_server  # noqa: F401 (a fixture)
from exports import tasks
from exports.models import DataExportLog, DownloadLink, ExportNotice, ScheduledExport
from exports.services.cleaning import remove_export
from exports.services.notices import LOST_AFTER, WAIT_MINUTES
from exports.services.runs import ask_for_export
from exports.services.schedules import run_now
from exports.tests.runs import wish_for_people
from exports.tests.samples import make_bot, make_person
from exports.tests.schedules import NOON, fail, finish, leave, person, scheduled
from exports.tests.test_due_exports import together

pytestmark = pytest.mark.django_db(transaction=True)

SITE = "https://bots.example.ir"
CITIZEN = "Citizen Kane"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def clock(settings):
    settings.PUBLIC_URL = SITE
    with time_machine.travel(NOON, tick=False) as clock, override("en"):
        yield clock


@pytest.fixture
def officer(clock):
    make_person(make_bot(), 1, first_name=CITIZEN)
    return person("officer")


def ready_run(schedule: ScheduledExport) -> DataExportLog:
    """A run of the schedule that is ready; its mails wait."""
    return finish(run_now(schedule=schedule, actor=schedule.owner))


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def html_of(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def links_in(mail: EmailMessage) -> list[str]:
    return [line for line in text_of(mail).splitlines() if line.startswith(SITE)]


def states() -> dict[str, str]:
    return {
        f"{notice.kind} {notice.recipient}": notice.state for notice in ExportNotice.objects.select_related("recipient")
    }


def test_each_recipient_gets_a_link_of_their_own_and_never_the_data(officer, mail_server):  # noqa: F811
    schedule = scheduled(officer, recipients=[officer, person("colleague")], columns=("first_name",), purpose="report")
    run = ready_run(schedule)

    assert tasks.tell_of_export(run_id=run.pk) == 2

    first, second = mail_server.mails
    assert [mail["To"] for mail in (first, second)] == ["officer@example.ir", "colleague@example.ir"]
    assert first["Subject"] == "Export ready: People"
    assert links_in(first)[0] != links_in(second)[0]
    for mail in (first, second):
        assert [part.get_content_type() for part in mail.walk()] == [
            "multipart/alternative",
            "text/plain",
            "text/html",
        ]
        for words in (text_of(mail), html_of(mail)):
            assert CITIZEN not in words
            assert "People" in words
            assert links_in(mail)[0] in words
    assert [str(link.only_for) for link in DownloadLink.objects.order_by("pk")] == ["officer", "colleague"]
    assert AuditLog.objects.filter(action="exports.notice.sent").count() == 2


def test_the_mail_says_what_there_is_until_when_and_where_to_get_a_new_link(officer, mail_server):  # noqa: F811
    run = ready_run(scheduled(officer))

    tasks.tell_of_export(run_id=run.pk)

    words = text_of(mail_server.mails[0])
    assert "Rows: 1\n" in words
    assert "bytes" in words
    assert "The link is good until: 2026-11-23 13:00, Tehran time" in words
    assert "until 2026-11-30 12:00:" in words
    assert links_in(mail_server.mails[0])[1] == f"{SITE}/admin/exports/{run.pk}"
    assert f'href="{SITE}/admin/exports/{run.pk}"' in html_of(mail_server.mails[0])


def test_a_persian_mail_is_persian_from_right_to_left(officer, mail_server):  # noqa: F811
    tasks.tell_of_export(run_id=ready_run(scheduled(officer, language="fa")).pk)

    mail = mail_server.mails[0]
    assert 'lang="fa" dir="rtl"' in html_of(mail)
    assert "۱۴۰۵/۰۹/۰۲ ۱۳:۰۰" in text_of(mail)


def test_the_link_in_the_mail_opens_for_its_recipient_alone_and_gives_the_file(officer, mail_server):  # noqa: F811
    colleague = person("colleague")
    run = ready_run(scheduled(officer, recipients=[colleague]))
    tasks.tell_of_export(run_id=run.pk)
    path = urlsplit(links_in(mail_server.mails[0])[0]).path

    assert sign_in(officer).post(path).status_code == 403
    answer = sign_in(colleague).post(path, follow=True)

    assert b"Platform's user number" in b"".join(answer)
    assert DownloadLink.objects.get().used_by == colleague


def test_the_recipient_finds_the_export_s_page_behind_the_other_link(officer, mail_server):  # noqa: F811
    helper = person("helper", Role.SUPPORT)  # who doesn't see the list of exports
    helper.user_permissions.add(Permission.objects.get(codename="export_botuser"))
    run = ready_run(scheduled(officer, recipients=[helper]))
    tasks.tell_of_export(run_id=run.pk)

    page = sign_in(helper).get(urlsplit(links_in(mail_server.mails[0])[1]).path)

    assert page.status_code == 200


def test_told_twice_by_many_workers_each_mail_is_sent_once(officer, mail_server):  # noqa: F811
    people = [officer, *(person(f"colleague-{number}") for number in range(4))]
    run = ready_run(scheduled(officer, recipients=people))

    errors = together(6, lambda: tasks.tell_of_export(run_id=run.pk))

    assert errors == []
    assert sorted(mail["To"] for mail in mail_server.mails) == sorted(user.email for user in people)
    assert tasks.send_notices() == 0


def test_a_mail_whose_task_was_lost_is_sent_when_beat_asks(officer, mail_server):  # noqa: F811
    ready_run(scheduled(officer))

    assert tasks.send_notices() == 1


def test_a_mail_server_that_is_away_is_tried_again_ever_more_seldom(officer, mail_server, settings, clock):  # noqa: F811
    run = ready_run(scheduled(officer))
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, closed_port()

    assert tasks.tell_of_export(run_id=run.pk) == 0
    notice = ExportNotice.objects.get()
    assert (notice.state, notice.attempts) == ("waiting", 1)
    assert notice.send_after == NOON + WAIT_MINUTES[0] * MINUTE
    assert not DownloadLink.objects.exists()  # an hour that nobody could use

    settings.EMAIL_PORT = port
    assert tasks.send_notices() == 0  # not yet
    clock.move_to(NOON + 40 * MINUTE)
    assert tasks.send_notices() == 1
    assert "until: 2026-11-23 13:40" in text_of(mail_server.mails[0])  # its hour begins when it leaves


def test_in_the_end_it_is_given_up(officer, settings, clock, mail_server, caplog):  # noqa: F811
    ready_run(scheduled(officer))
    settings.EMAIL_PORT = closed_port()

    for _attempt in range(len(WAIT_MINUTES) + 1):
        tasks.send_notices()
        clock.shift(dt.timedelta(minutes=WAIT_MINUTES[-1]))

    notice = ExportNotice.objects.get()
    assert (notice.state, notice.attempts) == ("failed", len(WAIT_MINUTES) + 1)
    assert "Connection refused" in notice.answer


def test_a_server_that_takes_no_mail_now_is_asked_again_and_one_that_never_will_is_not(officer, mail_server, clock):  # noqa: F811
    run = ready_run(scheduled(officer, recipients=[officer, person("colleague")]))
    mail_server.refusals.extend(["452 too many mails", "550 no such mailbox"])

    assert tasks.tell_of_export(run_id=run.pk) == 0
    assert states() == {"ready officer": "waiting", "ready colleague": "failed"}

    clock.shift(2 * MINUTE)
    assert tasks.send_notices() == 1
    assert [mail["To"] for mail in mail_server.mails] == ["officer@example.ir"]
    assert "550" in ExportNotice.objects.get(state="failed").answer


def test_a_conversation_that_breaks_off_is_not_begun_again_by_itself(officer, settings, clock, mail_server):  # noqa: F811
    run = ready_run(scheduled(officer))
    with server_that_hangs_up_after_the_mail() as (port, taken):
        settings.EMAIL_PORT = port
        tasks.tell_of_export(run_id=run.pk)
        clock.shift(dt.timedelta(days=1))
        tasks.send_notices()

    assert len(taken) == 1  # it had the mail
    assert states() == {"ready officer": "uncertain"}


def test_a_mail_whose_worker_died_is_not_sent_again_by_itself(officer, clock, mail_server):  # noqa: F811
    ready_run(scheduled(officer))
    ExportNotice.objects.update(state="sending", claimed_at=NOON)

    clock.move_to(NOON + LOST_AFTER + MINUTE)
    tasks.send_notices()

    assert mail_server.mails == []
    assert states() == {"ready officer": "uncertain"}


@pytest.mark.parametrize("loss", ["left", "role", "scope", "address"])
def test_who_lost_the_right_since_the_file_was_made_gets_no_link_and_the_owner_is_told(
    officer,
    mail_server,  # noqa: F811
    loss,
):
    candidate = make_candidate()
    colleague = person("colleague", Role.DATA_OFFICER, candidates=[candidate])
    run = ready_run(scheduled(officer, recipients=[colleague], candidate_id=candidate.pk))
    if loss == "left":
        leave(colleague)
    elif loss == "role":
        colleague.groups.clear()
    elif loss == "scope":
        StaffScope.objects.filter(user=colleague).delete()
    else:
        colleague.email = ""
        colleague.save()

    tasks.tell_of_export(run_id=run.pk)
    tasks.send_notices()

    assert not DownloadLink.objects.exists()
    assert states() == {"ready colleague": "withheld", "withheld officer": "sent"}
    assert [mail["To"] for mail in mail_server.mails] == ["officer@example.ir"]
    assert "colleague: " in text_of(mail_server.mails[0])
    assert AuditLog.objects.get(action="exports.notice.withheld").details["person"] == "colleague"


def test_a_file_that_was_removed_meanwhile_is_not_announced(officer, mail_server):  # noqa: F811
    run = ready_run(scheduled(officer))
    remove_export(run=run, actor=officer)

    tasks.tell_of_export(run_id=run.pk)

    assert mail_server.mails == []
    assert states() == {"ready officer": "failed"}


def test_the_owner_reads_why_a_run_failed_and_what_to_do(officer, mail_server):  # noqa: F811
    run = fail(run_now(schedule=scheduled(officer), actor=officer))

    tasks.tell_of_export(run_id=run.pk)

    words = text_of(mail_server.mails[0])
    assert mail_server.mails[0]["Subject"] == "Export failed: People"
    assert "There was not enough space for the file." in words
    assert "Then try it again." in words
    assert f"{SITE}/admin/exports/{run.pk}" in words


def test_the_owner_reads_that_the_schedule_was_stopped_and_how_it_goes_on(officer, mail_server, clock):  # noqa: F811
    schedule = scheduled(officer)
    for _number in range(5):
        fail(run_now(schedule=schedule, actor=officer))

    tasks.send_notices()

    subjects = [mail["Subject"] for mail in mail_server.mails]
    assert subjects == ["Export failed: People"] * 4 + ["Schedule stopped: People"]
    assert "resume the schedule" in text_of(mail_server.mails[-1])


def test_the_owner_reads_why_a_run_did_not_begin(officer, mail_server, clock):  # noqa: F811
    schedule = scheduled(officer)
    run_now(schedule=schedule, actor=officer)
    clock.move_to(NOON + dt.timedelta(hours=19))
    tasks.make_due_exports()

    tasks.send_notices()

    words = text_of(mail_server.mails[0])
    assert "The run before it hasn't come to its end." in words
    assert f"{SITE}/admin/exports/schedule/{schedule.pk}" in words


@pytest.mark.parametrize(("seconds", "mails"), [(50, 0), (70, 1)])
def test_who_asked_by_hand_is_told_after_a_minute(officer, mail_server, clock, seconds, mails):  # noqa: F811
    run = ask_for_export(wish=wish_for_people(officer))
    clock.shift(dt.timedelta(seconds=seconds))
    finish(run)

    tasks.tell_of_export(run_id=run.pk)

    assert [mail["To"] for mail in mail_server.mails] == ["officer@example.ir"] * mails
    assert [mail["Subject"] for mail in mail_server.mails] == ["Export ready: Bot users"] * mails


def test_who_asked_by_hand_is_told_of_a_failure(officer, mail_server, clock):  # noqa: F811
    run = ask_for_export(wish=wish_for_people(officer))
    clock.shift(2 * MINUTE)
    fail(run)

    tasks.tell_of_export(run_id=run.pk)

    assert [mail["Subject"] for mail in mail_server.mails] == ["Export failed: Bot users"]


def test_a_name_cannot_write_headers_of_a_mail(officer, mail_server):  # noqa: F811
    run = ready_run(scheduled(officer, name="People\r\nBcc: spy@example.com"))

    tasks.tell_of_export(run_id=run.pk)

    assert [mail["To"] for mail in mail_server.mails] == ["officer@example.ir"]
    assert mail_server.mails[0]["Bcc"] is None


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def server_that_hangs_up_after_the_mail() -> Iterator[tuple[int, list[bytes]]]:
    """A mail server that reads a whole mail and ends the connection instead of saying that it has it."""
    taken: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _peer = server.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as lines:
                lines.write(b"220 here\r\n")
                lines.flush()
                for line in lines:
                    if line.upper().startswith(b"DATA"):
                        lines.write(b"354 go on\r\n")
                        lines.flush()
                        taken.append(b"".join(iter(lines.readline, b".\r\n")))
                        break
                    lines.write(b"250 ok\r\n")
                    lines.flush()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], taken
        server.shutdown(socket.SHUT_RDWR)
        thread.join(10)
