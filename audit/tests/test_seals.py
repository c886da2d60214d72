"""Sealing: which rows a seal covers, while others write."""

import threading
from itertools import pairwise

import pytest
from django.db import connection, transaction

from audit.models import AuditLog, AuditSeal
from audit.seals import sealing
from audit.seals.chain import from_line, is_genuine, to_line
from audit.seals.sealing import seal_new_rows, stored_seals
from audit.services import record
from common.crypto import make_key


def write(count: int) -> list[int]:
    with transaction.atomic():
        return [record(action="audit.test.act", actor=None, details={"number": n}).pk for n in range(count)]


@pytest.mark.django_db
def test_a_seal_covers_all_rows_since_the_seal_before() -> None:
    first = write(3)
    assert seal_new_rows() == 3
    second = write(2)
    assert seal_new_rows() == 2

    seals = list(stored_seals())
    assert [seal.row_count for seal in seals] == [3, 2]
    assert [list(seal.digests_by_id()) for seal in seals] == [first, second]
    assert all(map(is_genuine, seals))
    assert all(later.previous_mac == earlier.mac for earlier, later in pairwise(seals))


@pytest.mark.django_db
def test_without_new_rows_there_is_no_new_seal() -> None:
    write(1)
    seal_new_rows()
    assert seal_new_rows() == 0


@pytest.mark.django_db
def test_many_rows_are_sealed_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "ROWS_PER_SEAL", 4)
    write(10)
    seal_new_rows()
    assert [seal.row_count for seal in stored_seals()] == [4, 4, 2]


@pytest.mark.django_db
def test_a_seal_survives_its_way_through_a_file() -> None:
    write(2)
    seal_new_rows()
    (seal,) = stored_seals()
    assert from_line(to_line(seal)) == seal


@pytest.mark.django_db
@pytest.mark.parametrize("line", ["", "{}", "[]", "null", '{"number": 1}', "not json"])
def test_what_is_no_seal_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not a seal"):
        from_line(line)


@pytest.mark.django_db
def test_old_keys_verify_and_the_first_one_seals(settings) -> None:
    settings.AUDIT_KEYS = old = f"old:{make_key()}"
    write(1)
    seal_new_rows()
    settings.AUDIT_KEYS = f"new:{make_key()},{old}"
    write(1)
    seal_new_rows()

    assert [(seal.key_id, is_genuine(seal)) for seal in stored_seals()] == [("old", True), ("new", True)]


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["UPDATE audit_auditseal SET number = 7", "DELETE FROM audit_auditseal"])
def test_seals_can_only_be_added(verb: str) -> None:
    with (
        pytest.raises(Exception, match="never changed or removed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(verb)


@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_committed_late_is_not_left_out_between_two_seals() -> None:
    """Its id is lower than those of rows that were committed before it."""
    drawn, may_commit = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with transaction.atomic():
            write(1)
            drawn.set()
            may_commit.wait(10)
        connection.close()

    slow = threading.Thread(target=write_slowly)
    slow.start()
    drawn.wait(10)
    write(1)
    while_it_is_open = seal_new_rows(wait_seconds=0.1)
    may_commit.set()
    slow.join()
    afterwards = seal_new_rows()

    assert (while_it_is_open, afterwards) == (0, 2)


@pytest.mark.django_db(transaction=True)
def test_writers_are_neither_held_up_nor_missed_while_seals_are_made() -> None:
    done = threading.Event()

    def write_much() -> None:
        for _number in range(60):
            write(2)
        connection.close()

    def seal_on_and_on() -> None:
        while not done.is_set():
            seal_new_rows()
        connection.close()

    writers = [threading.Thread(target=write_much) for _number in range(4)]
    sealers = [threading.Thread(target=seal_on_and_on) for _number in range(2)]
    for thread in [*writers, *sealers]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in sealers:
        thread.join()
    seal_new_rows()

    sealed = [row_id for seal in stored_seals() for row_id in seal.digests_by_id()]
    assert sorted(sealed) == sorted(AuditLog.objects.values_list("id", flat=True))
    assert len(sealed) == len(set(sealed)) == 4 * 60 * 2
    assert AuditSeal.objects.count() > 1
