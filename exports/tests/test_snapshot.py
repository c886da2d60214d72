import io
import threading

import pytest
from django.db import connection, transaction

from audit.models import AuditLog
from bots.models import BotUser
from exports.engine import reading, writing
from exports.services.direct import export_list
from exports.snapshot import NotOneSnapshotError, one_snapshot
from exports.tests.samples import SEEN, make_bot, make_person, read_csv


def in_another_session(act) -> None:
    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


@pytest.mark.django_db(transaction=True)
def test_what_others_commit_meanwhile_is_not_in_the_file(monkeypatch):
    monkeypatch.setattr(reading, "BLOCK_BYTES", 1)
    monkeypatch.setattr(writing, "PROGRESS_SECONDS", 0)
    bot = make_bot()
    for number in range(4):
        make_person(bot, number)

    def disturb() -> None:
        make_person(bot, 100, first_name="late")
        BotUser.objects.filter(platform_user_id=3).update(first_name="changed")
        BotUser.objects.filter(platform_user_id=1).delete()

    disturbed: list[int] = []

    def on_progress(written: int, _total: int) -> None:
        if not disturbed:
            in_another_session(disturb)
        disturbed.append(written)

    file = io.BytesIO()
    summary = export_list(
        dataset="bot_users", queryset=BotUser.objects.order_by("pk"), file=file, format="csv", actor=None,
        columns=["platform_user_id", "first_name"], language="en", purpose="test",
        on_progress=on_progress,
    )  # fmt: skip
    assert summary.rows == 4
    assert [row[1] for row in read_csv(file.getvalue())[1:]] == ["Name 0", "Name 1", "Name 2", "Name 3"]
    assert AuditLog.objects.filter(action="exports.bot_users.export").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_command_writes_a_whole_file(tmp_path):
    from django.core.management import call_command

    make_person(make_bot(), 1)
    call_command("export_bot_users", output=str(tmp_path / "people.csv"), language="en", purpose="test", verbosity=0)
    assert read_csv((tmp_path / "people.csv").read_bytes())[1][:2] == ["1", "Name 1"]


@pytest.mark.django_db
def test_a_read_committed_transaction_is_refused():
    with pytest.raises(NotOneSnapshotError), one_snapshot():
        pass


@pytest.mark.django_db(transaction=True)
def test_a_failure_rolls_back_what_was_written():
    bot = make_bot()

    def fail() -> None:
        with one_snapshot():
            BotUser.objects.create(bot=bot, platform_user_id=1, first_seen_at=SEEN, last_seen_at=SEEN)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not BotUser.objects.exists()
    assert not transaction.get_connection().in_atomic_block
