import errno
import hashlib
import io
import logging

import pytest
from constance import config
from django.utils import translation

from accounts.roles import Role
from accounts.testing import make_staff
from audit.models import AuditLog
from audit.origin import Origin, acting_from
from bots.models import BotUser
from exports.datasets.bot_users import people_columns
from exports.engine import writing
from exports.errors import ExportFailedError, ExportRefusedError
from exports.services.direct import export_list
from exports.tests.samples import HOSTILE, make_bot, make_person, nothing_read, read_csv, read_xlsx
from exports.writers.defuse import defuse

pytestmark = [pytest.mark.usefixtures("repeatable_read"), pytest.mark.django_db]


def export(actor=None, **options):
    file = io.BytesIO()
    columns = people_columns(with_phones=options.pop("with_phones", False))
    chosen = {"queryset": BotUser.objects.order_by("pk"), "format": "csv", "columns": columns, "language": "en"}
    chosen["purpose"] = "test"
    summary = export_list(dataset="bot_users", file=file, actor=actor, **{**chosen, **options})
    return summary, file.getvalue()


def test_the_summary_says_what_the_file_holds():
    make_person(make_bot(), 1)
    summary, data = export()
    assert (summary.rows, summary.bytes, summary.sha256) == (1, len(data), hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize(("format", "read"), [("csv", read_csv), ("xlsx", read_xlsx)])
def test_hostile_names_arrive_cell_by_cell(format, read):
    bot = make_bot()
    for number, text in enumerate(HOSTILE):
        make_person(bot, number, first_name=text)
    headings, *rows = read(export(format=format)[1])
    column = headings.index("First name")
    assert len(rows) == len(HOSTILE)
    if format == "csv":
        assert [row[column] for row in rows] == [defuse(text) for text in HOSTILE]
    for row, person in zip(rows, BotUser.objects.order_by("pk"), strict=True):
        assert row[headings.index("Platform's user number")] == str(person.platform_user_id)
        assert row[headings.index("Bot")] == bot.name


def test_headings_and_direction_follow_the_language_whatever_the_readers_is():
    with translation.override("fa"):
        _summary, data = export(language="en")
    assert read_csv(data)[0][1] == "First name"


def test_progress_ends_at_the_total():
    bot = make_bot()
    for number in range(5):
        make_person(bot, number)
    seen: list[tuple[int, int]] = []
    export(on_progress=lambda written, total: seen.append((written, total)))
    assert seen[-1] == (5, 5)


def test_a_limited_actor_gets_their_candidates_people_only():
    mine, others = make_bot("mine"), make_bot("others")
    make_person(mine, 1)
    make_person(others, 2)
    actor = make_staff(Role.DATA_OFFICER, candidates=[mine.candidate])
    summary, data = export(actor)
    assert summary.rows == 1
    assert read_csv(data)[1][0] == "1"


def test_the_export_is_audited_without_personal_data():
    make_person(make_bot(), 1, first_name="Shirin", phone="0912")
    actor = make_staff(Role.DATA_OFFICER)
    with acting_from(Origin(address="192.0.2.1")):
        summary, _data = export(actor, filters={"bot": "tehran-1"}, with_phones=True, purpose="meeting")
    row = AuditLog.objects.get(action="exports.bot_users.export")
    assert (row.actor_id, row.address) == (actor.pk, "192.0.2.1")
    assert row.details == {
        "dataset": "bot_users", "filters": {"bot": "tehran-1"}, "purpose": "meeting", "format": "csv", "language": "en",
        "columns": list(people_columns(with_phones=True)), "rows": 1, "bytes": summary.bytes, "sha256": summary.sha256,
    }  # fmt: skip


def test_the_system_may_export_phones_for_a_purpose():
    make_person(make_bot(), 1, phone="09127005026")
    _summary, data = export(with_phones=True, purpose="meeting")
    assert "09127005026" in data.decode()
    assert AuditLog.objects.get(action="exports.bot_users.export").actor_id is None


@pytest.mark.parametrize(
    ("role", "options", "code"),
    [
        (Role.SUPPORT, {}, "not-allowed"),
        (Role.DATA_OFFICER, {"purpose": " "}, "purpose-missing"),
        (Role.DATA_OFFICER, {"format": "pdf"}, "unknown-format"),
    ],
)
def test_what_is_not_allowed_writes_nothing(role, options, code):
    with pytest.raises(ExportRefusedError) as raised:
        export(make_staff(role), **options)
    assert raised.value.code == code
    assert not AuditLog.objects.filter(action="exports.bot_users.export").exists()


def test_phones_need_the_permission_to_see_them():
    from django.contrib.auth.models import Permission

    actor = make_staff()
    actor.user_permissions.add(Permission.objects.get(codename="export_botuser"))
    export(actor)
    with pytest.raises(ExportRefusedError) as raised:
        export(actor, with_phones=True, purpose="meeting")
    assert raised.value.code == "not-allowed"


def test_what_two_people_must_agree_to_is_not_written_at_once():
    config.EXPORT_APPROVAL_ROWS = 1
    bot = make_bot()
    for number in range(2):
        make_person(bot, number)
    actor = make_staff(Role.DATA_OFFICER)
    assert export(actor, columns=["city"])[0].rows == 2
    with pytest.raises(ExportRefusedError) as raised:
        export(actor)
    assert raised.value.code == "needs-approval"


def test_the_file_says_who_had_it_made():
    make_person(make_bot(), 1)
    actor = make_staff(Role.DATA_OFFICER, username="mina")
    assert "mina" in export(actor)[1].decode().splitlines()[-1]


def test_fewer_rows_than_counted_fail_the_run(monkeypatch):
    make_person(make_bot(), 1)
    monkeypatch.setattr(writing, "read_blocks", nothing_read)
    with pytest.raises(ExportFailedError) as raised:
        export()
    assert raised.value.code == "incomplete"
    assert not AuditLog.objects.filter(action="exports.bot_users.export").exists()


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_full_disk_is_explained(format):
    class FullDisk(io.BytesIO):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(ExportFailedError) as raised:
        export_list(
            dataset="bot_users", queryset=BotUser.objects.all(), file=FullDisk(), format=format, actor=None,
            columns=["city"], language="en",
        )  # fmt: skip
    assert raised.value.code == "disk-full"


def test_nothing_personal_is_logged(caplog):
    make_person(make_bot(), 1, first_name="Shirin", phone="09127005026")
    with caplog.at_level(logging.DEBUG):
        export(with_phones=True, purpose="meeting")
    assert "Shirin" not in caplog.text
    assert "09127005026" not in caplog.text
