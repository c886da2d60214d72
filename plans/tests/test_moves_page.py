"""/admin/plans/migrate-users: preview, run, progress, undo, as staff see them."""

import pytest
from django.db import connection

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from plans import tasks
from plans.models import Stage, SubscriberMove, Subscription
from plans.services.moves import queue_move
from plans.tasks import run_move
from plans.testing import make_plan
from plans.tests.subscribers import end, move, plans_of, subscribe_many

URL = "/admin/plans/migrate-users"
pytestmark = pytest.mark.django_db


@pytest.fixture
def plans():
    return make_plan("basic", price_rials=100), make_plan("standard", price_rials=250)


@pytest.fixture
def queued(monkeypatch):
    """The moves given to a worker."""
    moves = []
    monkeypatch.setattr(tasks.run_move, "delay", lambda move_id: moves.append(move_id))
    return moves


def client_of(role=Role.RELEASE_MANAGER, **more):
    client = sign_in(make_staff(role, **more))
    client.cookies["django_language"] = "en"
    return client


def values(plans, **more):
    return {"old_plan": plans[0].pk, "new_plan": plans[1].pk, "reason": "promotion", **more}


def test_the_preview_shows_how_many_and_what_it_costs_and_moves_nobody(plans, queued):
    subscriptions = subscribe_many(plans[0], 3)

    shown = client_of().post(URL, values(plans, preview="1")).content.decode()

    assert "3 subscribers would be moved." in shown
    assert "+150" in shown
    assert "The old plan is on sale" in shown
    assert str(subscriptions[0].candidate) in shown
    assert not queued
    assert not SubscriberMove.objects.exists()


def test_the_preview_leads_to_all_who_would_be_moved_and_to_nobody_else(plans, queued):
    staying, ended = subscribe_many(plans[1], 1)[0], subscribe_many(plans[0], 1)[0]
    end(ended.pk)
    moved = subscribe_many(plans[0], 2)
    client = client_of()

    shown = client.post(URL, values(plans, preview="1")).content.decode()
    address = f"/admin/plans/subscription/?plan__id__exact={plans[0].pk}&running=yes"

    assert f'href="{address.replace("&", "&amp;")}"' in shown
    listed = {row.pk for row in client.get(address).context["cl"].result_list}
    assert listed == {row.pk for row in moved}
    assert listed.isdisjoint({staying.pk, ended.pk})


def test_a_new_plan_that_nobody_can_buy_is_pointed_out(queued):
    plans = make_plan("basic", price_rials=100), make_plan("standard", price_rials=50, stage=Stage.DRAFT)

    shown = client_of().post(URL, values(plans, preview="1")).content.decode()

    assert "The new plan is not on sale." in shown
    assert "-50" in shown


def test_running_gives_the_move_to_a_worker_and_leads_to_its_progress(
    plans, queued, django_capture_on_commit_callbacks
):
    subscriptions = subscribe_many(plans[0], 3)
    client = client_of()

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(URL, values(plans, run="1"))

    number = SubscriberMove.objects.get().pk
    assert (answer.status_code, answer["Location"], queued) == (302, f"{URL}/{number}", [number])
    waiting = client.get(answer["Location"])
    assert waiting["Refresh"] == "3"
    assert "<progress" in waiting.content.decode()
    run_move(move_id=number)
    done = client.get(answer["Location"])
    assert "Refresh" not in done
    assert "Move them back" in done.content.decode()
    assert set(plans_of(subscriptions)) == {"standard"}


def test_undo_gives_it_to_a_worker(plans, queued, django_capture_on_commit_callbacks):
    subscriptions = subscribe_many(plans[0], 3)
    done = move()

    with django_capture_on_commit_callbacks(execute=True):
        client_of().post(f"{URL}/{done.pk}", {"undo": "1", "reason": "by mistake"})

    run_move(move_id=queued[0])
    assert set(plans_of(subscriptions)) == {"basic"}


def test_a_move_that_stands_still_can_be_gone_on_with(plans, queued, django_capture_on_commit_callbacks):
    waiting = queue_move(old_code="basic", new_code="standard", reason="x", actor=None)

    with django_capture_on_commit_callbacks(execute=True):
        client_of().post(f"{URL}/{waiting.pk}", {"resume": "1"})

    assert queued == [waiting.pk]


def test_a_queue_that_is_away_leaves_the_move_written_down(plans, monkeypatch, django_capture_on_commit_callbacks):
    def away(move_id):
        raise ConnectionError

    monkeypatch.setattr(tasks.run_move, "delay", away)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client_of().post(URL, values(plans, run="1"))

    assert (answer.status_code, SubscriberMove.objects.get().state) == (302, "queued")


def test_refusals_stand_at_the_form(plans, queued):
    shown = client_of().post(URL, values((plans[0], plans[0]), run="1")).content.decode()

    assert "The old and the new plan are the same." in shown
    assert not queued


def test_who_was_left_is_listed_with_the_reason(plans, queued):
    subscriptions = subscribe_many(plans[0], 2)
    done = queue_move(old_code="basic", new_code="standard", reason="x", actor=None)
    with connection.cursor() as cursor:
        rule = f"CHECK (NOT (id = {subscriptions[1].pk} AND plan_id = {plans[1].pk}))"
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE plans_subscription ADD CONSTRAINT not_this_one {rule}")
    run_move(move_id=done.pk)

    shown = client_of().get(f"{URL}/{done.pk}").content.decode()

    assert str(subscriptions[1].candidate) in shown
    assert "not_this_one" in shown
    assert str(subscriptions[0].candidate) not in shown


@pytest.mark.parametrize("to_a_move", [False, True])
def test_running_and_undoing_ask_for_a_recent_second_factor(plans, queued, to_a_move):
    subscribe_many(plans[0], 1)
    path, sent = (f"{URL}/{move().pk}", {"undo": "1", "reason": "x"}) if to_a_move else (URL, values(plans, run="1"))
    before = list(Subscription.objects.values_list("plan", flat=True))
    client = sign_in(make_staff(Role.RELEASE_MANAGER), factor_age_seconds=16 * 60)

    answer = client.post(path, sent)

    assert "/admin/second-factor/" in answer["Location"]
    assert not queued
    assert list(Subscription.objects.values_list("plan", flat=True)) == before


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.SUPPORT])
def test_readers_see_the_moves_and_move_nobody(plans, queued, role):
    done, client = move(), client_of(role)

    for path in (URL, f"{URL}/{done.pk}"):
        shown = client.get(path)
        assert shown.status_code == 200
        assert 'method="post"' not in shown.content.decode().split('id="content-main"')[1]
        assert client.post(path, values(plans, run="1")).status_code == 403
    assert not queued


@pytest.mark.parametrize("actor", [{"role": Role.DATA_OFFICER}, {"role": Role.OWNER, "candidates": []}])
def test_others_and_who_is_limited_see_nothing_of_it(plans, actor):
    client = client_of(**actor)

    assert client.get(URL).status_code == 403
    assert client.get(f"{URL}/{move().pk}").status_code == 403


def test_a_move_that_isnt_there_is_not_found():
    assert client_of().get(f"{URL}/77").status_code == 404
