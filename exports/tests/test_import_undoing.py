"""Imports are taken back, except what somebody has changed or used since."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connections

from accounts.models import Candidate
from accounts.roles import Role
from accounts.services import update_candidate
from accounts.testing import make_candidate, make_staff
from audit.models import AuditLog
from exports.models import DataImport
from exports.tasks import cleanup_exports
from exports.tests.importing import browser, run, told, undo
from plans.models import BetaTester, DiscountCampaign, Plan, Stage
from plans.services import add_beta_tester
from plans.testing import make_plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return browser(make_staff(Role.OWNER))


def test_undoing_removes_what_was_added_and_brings_back_what_was_changed(owner):
    make_candidate("a", name="Ali", phone="09121112233")
    done = run(owner, "candidates", ["code", "name", "phone"], ["a", "Arash", "1"], ["b", "Babak", ""]).context["done"]

    response = undo(owner, done)

    candidate = Candidate.objects.get()
    assert (candidate.name, candidate.phone) == ("Ali", "09121112233")
    assert response.context["done"].state == "undone"
    assert AuditLog.objects.filter(action="exports.data_import.undone").count() == 1
    assert told(undo(owner, done)) == ["This import can't be undone any more."]


@time_machine.travel("2025-11-22T09:00Z", tick=False)
def test_every_kind_can_be_undone(owner):
    make_plan("old", stage=Stage.DRAFT)
    make_candidate("reza")
    terms = ["Yalda", "YALDA", "percent", "20", "old", "1404/09/01", "1404/10/01"]
    headings = ["name", "code", "kind", "value", "plans", "starts_at", "ends_at"]
    plans = run(owner, "plans", ["code", "name_fa", "name_en"], ["gold", "a", "b"], ["old", "c", "d"]).context["done"]
    campaigns = run(owner, "campaigns", headings, terms).context["done"]
    testers = run(owner, "testers", ["plan_code", "candidate_code"], ["old", "reza"]).context["done"]

    for done in (testers, campaigns, plans):
        assert undo(owner, done).context["done"].state == "undone"

    assert [plan.name_fa for plan in Plan.objects.all()] == ["old"]
    assert not DiscountCampaign.objects.exists()
    assert BetaTester.objects.get().left_at is not None
    assert Plan.objects.get().stage == Stage.DRAFT


def test_what_somebody_changed_or_used_since_stays_and_is_told(owner):
    make_candidate("a", name="Ali")
    make_plan("gold", stage=Stage.DRAFT)
    rows = [["code", "name"], ["a", "Arash"], ["b", "Babak"], ["c", "Cyrus"], ["d", "Dara"]]
    done = run(owner, "candidates", *rows).context["done"]
    changed, used = Candidate.objects.get(code="a"), Candidate.objects.get(code="b")
    update_candidate(candidate_id=changed.pk, name="Aram", actor=None)
    add_beta_tester(candidate=used, plan_code="gold", actor=None)
    Candidate.objects.filter(code="d").delete()

    response = undo(owner, done)

    assert sorted(Candidate.objects.values_list("code", "name")) == [("a", "Aram"), ("b", "Babak")]
    assert response.context["done"].state == "partly_undone"
    assert [(row.line, row.kept) for row in response.context["rows"]] == [
        (2, "Somebody has changed it since."),
        (3, "Something belongs to it by now, so it can't be removed."),
        (5, "It was deleted since."),
    ]
    assert "3 rows could not be undone." in told(response)


@pytest.mark.django_db(transaction=True)
def test_an_import_is_undone_once_by_two_people_at_once():
    clients = [browser(make_staff(Role.OWNER)) for _number in range(2)]
    make_candidate("a", name="Ali")
    run(clients[0], "candidates", ["code", "name"], ["a", "Arash"], ["b", "Babak"])
    done = DataImport.objects.get()

    def press(client):
        try:
            return undo(client, done)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(press, clients))

    assert [candidate.name for candidate in Candidate.objects.all()] == ["Ali"]
    assert AuditLog.objects.filter(action="exports.data_import.undone").count() == 1


def test_what_was_added_and_then_filled_in_by_somebody_stays(owner):
    done = run(owner, "candidates", ["code", "name"], ["a", "Ali"]).context["done"]
    update_candidate(candidate_id=Candidate.objects.get().pk, contact_name="Sara", actor=None)

    response = undo(owner, done)

    assert response.context["rows"][0].kept == "Somebody has changed it since."
    assert Candidate.objects.get().contact_name == "Sara"


def test_a_plan_that_went_on_is_not_removed(owner):
    done = run(owner, "plans", ["code", "name_fa", "name_en"], ["gold", "a", "b"]).context["done"]
    add_beta_tester(candidate=make_candidate(), plan_code="gold", actor=None)

    response = undo(owner, done)

    assert response.context["rows"][0].kept == "This plan is no draft any more."
    assert Plan.objects.exists()


def test_undoing_ends_with_its_time_and_the_former_values_go(owner):
    with time_machine.travel("2025-11-22T09:00Z", tick=False) as traveller:
        client = browser(make_staff(Role.OWNER))
        done = run(client, "candidates", ["code", "name"], ["a", "Ali"]).context["done"]
        traveller.move_to("2025-11-23T08:59Z")
        cleanup_exports()
        done.refresh_from_db()
        assert done.rows != ""
        traveller.move_to("2025-11-23T09:00Z")
        late = browser(make_staff(Role.OWNER))

        response = undo(late, done)
        assert told(response) == ["This import can't be undone any more."]
        assert "Undo the import" not in response.content.decode()
        cleanup_exports()

    done.refresh_from_db()
    assert done.rows == ""
    assert Candidate.objects.exists()
