"""`rotate_keys` on real columns: those of staff, reached by their labels, as this layer knows none of them."""

import io

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from audit.models import AuditLog
from common import key_rotation
from common.crypto import DecryptionError, key_id_of, make_key

OLD, NEW = f"old:{make_key()}", f"new:{make_key()}"

pytestmark = pytest.mark.django_db


@pytest.fixture
def candidates(settings):
    """Three candidates under the old key, in a system whose active key is new."""
    model = apps.get_model("accounts", "Candidate")
    settings.FIELD_KEYS = OLD
    for number in range(3):
        model.objects.create(
            code=f"c{number}", name="Name", phone=f"0912000000{number}", email="" if number else "a@b.ir"
        )
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    return model.objects.order_by("code")


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("rotate_keys", *arguments, stdout=out)
    return out.getvalue()


def stored() -> list[str]:
    """The phones as they stand in the database."""
    return [row[0] for row in execute("SELECT phone FROM accounts_candidate ORDER BY code")]


def key_ids() -> set[str]:
    rows = execute("SELECT phone, email FROM accounts_candidate")
    return {key_id_of(text) for row in rows for text in row if text}


def execute(statement: str) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_values_stay_readable_and_the_old_key_can_go(candidates, settings) -> None:
    out = run("--batch-size", "2")

    settings.FIELD_KEYS = NEW
    assert [candidate.phone for candidate in candidates] == [f"0912000000{number}" for number in range(3)]
    assert [candidate.email for candidate in candidates] == ["a@b.ir", "", ""]
    assert "accounts.Candidate.phone: 3 under the key old" in out
    assert "Encrypted anew under the key new: 4 values." in out


def test_each_batch_is_audited_without_values(candidates) -> None:
    run("--batch-size", "2")

    details = AuditLog.objects.filter(action="common.keys.rotate").order_by("id").values_list("details", flat=True)
    assert [(entry["column"].rpartition(".")[2], entry["values"]) for entry in details] == [
        ("phone", 2),
        ("phone", 1),
        ("email", 1),
    ]


def test_a_dry_run_counts_and_changes_nothing(candidates) -> None:
    out = run("--dry-run")

    assert "accounts.Candidate.phone: 3 under the key old" in out
    assert key_ids() == {"old"}


def test_a_second_run_has_nothing_to_do(candidates) -> None:
    run()
    before = stored()

    assert "accounts.Candidate.phone: 3 under the key new (active)" in run()
    assert stored() == before


def test_a_missing_key_is_named_with_model_and_count_and_the_rest_is_rotated(candidates, settings) -> None:
    settings.FIELD_KEYS = f"lost:{make_key()}"
    apps.get_model("accounts", "Candidate").objects.create(code="lost", name="Name", phone="1")
    settings.FIELD_KEYS = f"{NEW},{OLD}"

    with pytest.raises(CommandError, match=r"accounts\.Candidate\.phone: 1 values need the key lost"):
        run()

    assert key_ids() == {"new", "lost"}


def test_a_dry_run_fails_for_a_missing_key_too(candidates, settings) -> None:
    settings.FIELD_KEYS = NEW

    with pytest.raises(CommandError, match=r"accounts\.Candidate\.phone: 3 values need the key old"):
        run("--dry-run")


def test_a_value_moved_from_another_column_is_refused_named_and_left(candidates) -> None:
    execute("UPDATE accounts_candidate SET phone = email WHERE code = 'c0'")
    moved = stored()[0]

    number = candidates.values_list("pk", flat=True)[0]
    with pytest.raises(CommandError, match=f"1 values were changed or belong elsewhere: {number}"):
        run()

    assert stored()[0] == moved
    with pytest.raises(DecryptionError):
        candidates.get(code="c0")


def test_text_that_was_never_encrypted_is_named(candidates) -> None:
    execute("UPDATE accounts_candidate SET phone = '0912: not: encrypted' WHERE code = 'c0'")

    with pytest.raises(CommandError, match="1 values need the key none"):
        run()


def test_an_edit_made_meanwhile_is_not_lost(candidates, monkeypatch) -> None:
    renew = key_rotation._renew

    def edit_then_renew(column, pk, text):
        candidate = apps.get_model("accounts", "Candidate").objects.get(pk=pk)
        if candidate.code == "c1" and column.label.endswith("phone"):
            candidate.phone = "the edit"
            candidate.save()
        return renew(column, pk, text)

    monkeypatch.setattr(key_rotation, "_renew", edit_then_renew)
    run()

    assert candidates.get(code="c1").phone == "the edit"
    assert key_ids() == {"new"}


def test_a_run_that_was_stopped_is_taken_up_by_the_next(candidates, monkeypatch) -> None:
    write = key_rotation._write
    calls = []

    def stop_at_the_second(column, renewed):
        calls.append(renewed)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return write(column, renewed)

    monkeypatch.setattr(key_rotation, "_write", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        run("--batch-size", "1")
    assert [key_id_of(text) for text in stored()] == ["new", "old", "old"]
    monkeypatch.undo()

    run("--batch-size", "1")

    assert key_ids() == {"new"}


def test_a_batch_of_nothing_is_refused() -> None:
    with pytest.raises(CommandError):
        run("--batch-size", "0")
