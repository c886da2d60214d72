"""What was shown is imported, once and whole."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.db import connection, connections

from accounts.models import Candidate, User
from accounts.roles import Role
from accounts.services import update_candidate
from accounts.testing import make_candidate, make_staff
from audit.models import AuditLog
from exports.models import DataImport
from exports.tests.importing import browser, confirm, run, send, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return browser(make_staff(Role.OWNER))


def test_only_what_was_shown_is_imported(owner):
    first = send(owner, "candidates", ["code", "name"], ["a", "Ali"])
    second = send(owner, "candidates", ["code", "name"], ["b", "Babak"])

    response = confirm(owner, "candidates", first, seen=second.context["form"]["seen"].value())

    assert told(response) == ["This isn't what the preview showed, so nothing was imported."]
    assert not Candidate.objects.exists()
    for number in (uuid.uuid4(), "x"):
        confirm(owner, "candidates", first, number=number)
    assert not Candidate.objects.exists()


def test_a_preview_is_for_who_sent_the_file_and_for_its_kind(owner):
    preview = send(owner, "candidates", ["code", "name"], ["a", "Ali"])

    response = confirm(browser(make_staff(Role.OWNER)), "candidates", preview)
    confirm(owner, "plans", preview)

    assert told(response) == ["This preview is older than half an hour. Send the file again."]
    assert not Candidate.objects.exists()


def test_what_changed_meanwhile_is_shown_again_instead_of_stored(owner):
    make_candidate("a", name="Ali")
    make_candidate("b", name="Babak")
    preview = send(owner, "candidates", ["code", "name"], ["a", "Arash"], ["b", "Bahram"])
    update_candidate(candidate_id=Candidate.objects.get(code="b").pk, name="Behzad", actor=None)

    again = confirm(owner, "candidates", preview)

    assert "Something has changed since the preview" in told(again)[0]
    assert again.context["unlike"] == {3}
    assert "not as it was shown before" in again.content.decode()
    assert Candidate.objects.get(code="a").name == "Ali"
    confirm(owner, "candidates", again)
    assert sorted(Candidate.objects.values_list("name", flat=True)) == ["Arash", "Bahram"]


def test_a_preview_is_confirmed_once(owner):
    preview = send(owner, "candidates", ["code", "name"], ["a", "Ali"])
    confirm(owner, "candidates", preview)

    response = confirm(owner, "candidates", preview)

    assert told(response) == ["This file was imported already."]
    assert response.context["done"] == DataImport.objects.get()


@pytest.mark.django_db(transaction=True)
def test_two_people_who_confirm_at_once_do_not_both_add():
    clients = [browser(make_staff(Role.OWNER)) for _number in range(2)]
    previews = [send(client, "candidates", ["code", "name"], ["a", "Ali"]) for client in clients]

    def press(client, preview):
        try:
            return confirm(client, "candidates", preview)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        responses = list(pool.map(press, clients, previews))

    assert Candidate.objects.count() == 1
    assert DataImport.objects.count() == 1
    assert sorted(len(response.redirect_chain) for response in responses) == [0, 1]
    assert any("Something has changed since the preview" in response.content.decode() for response in responses)


@pytest.mark.django_db(transaction=True)
def test_one_preview_confirmed_twice_at_once_is_done_once():
    client = browser(make_staff(Role.OWNER))
    preview = send(client, "candidates", ["code", "name"], ["a", "Ali"])
    clients = [client, browser(User.objects.get())]

    def press(one):
        try:
            return confirm(one, "candidates", preview)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(press, clients))

    assert (Candidate.objects.count(), DataImport.objects.count()) == (1, 1)


def test_the_file_waits_encrypted(owner, monkeypatch):
    kept: list[object] = []
    usual = cache.set

    def watched(key, value, *more, **options):
        kept.append(value)
        return usual(key, value, *more, **options)

    monkeypatch.setattr(cache, "set", watched)

    send(owner, "candidates", ["code", "name", "phone"], ["a", "Marjan", "09127005026"])

    assert any(str(value).startswith("e1:") for value in kept)
    assert "Marjan" not in str(kept)
    assert "09127005026" not in str(kept)


def test_former_values_are_encrypted_in_the_database(owner):
    make_candidate("a", phone="09121112233")
    run(owner, "candidates", ["code", "phone"], ["a", "09127005026"])

    with connection.cursor() as cursor:
        cursor.execute("SELECT rows FROM exports_dataimport")
        (stored,) = cursor.fetchone()

    assert stored.startswith("e1:")
    assert "09121112233" in DataImport.objects.get().rows


def test_an_import_is_recorded_with_its_counts(owner):
    make_candidate("a", name="Ali")
    run(owner, "candidates", ["code", "name"], ["a", "Arash"], ["b", "Babak"])

    row = AuditLog.objects.get(action="exports.data_import.finish")
    assert row.details == {"kind": "candidates", "file": "list.csv", "rows": {"new": 1, "changed": 1}}
    assert row.address == "127.0.0.1"
