"""`rotate_keys` while others read and write: nobody gets an error, nothing that was written is lost."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from common.crypto import key_id_of, make_key

OLD, NEW = f"old:{make_key()}", f"new:{make_key()}"
PEOPLE = 200
WRITERS = 4

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(settings):
    """Candidates whose phones are under the old key, in a system whose active key is new."""
    model = apps.get_model("accounts", "Candidate")
    settings.FIELD_KEYS = OLD
    for number in range(PEOPLE):
        model.objects.create(code=f"c{number}", name="Name", phone=f"0912000{number:04}")
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    return model.objects.order_by("pk")


def test_readers_and_writers_notice_nothing_and_no_edit_is_lost(people, settings):
    keys = list(people.values_list("pk", flat=True))
    done = threading.Event()

    def write(writer):
        """Change the people of this writer, round after round, until the rotation is over."""
        written, round_number = {}, 0
        try:
            while not (done.is_set() and round_number > 1):
                round_number += 1
                for key in keys[writer::WRITERS]:
                    phone = f"0935{writer}{round_number:03}{key:03}"[:11]
                    person = people.get(pk=key)
                    person.phone = phone
                    person.save(update_fields=["phone", "phone_index"])
                    written[key] = phone
        finally:
            connection.close()
        return written

    def read():
        rounds = 0
        try:
            while not done.is_set():
                assert all(phone.startswith("09") for phone in people.values_list("phone", flat=True))
                rounds += 1
        finally:
            connection.close()
        return rounds

    with ThreadPoolExecutor(WRITERS + 1) as pool:
        writers = [pool.submit(write, number) for number in range(WRITERS)]
        reader = pool.submit(read)
        try:
            for _ in range(3):
                call_command("rotate_keys", "--batch-size", "7", stdout=io.StringIO())
        finally:
            done.set()
        written = {key: phone for writer in writers for key, phone in writer.result().items()}
        assert reader.result() > 0

    settings.FIELD_KEYS = NEW
    assert dict(people.values_list("pk", "phone")) == written
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM accounts_candidate")
        assert {key_id_of(row[0]) for row in cursor.fetchall()} == {"new"}
