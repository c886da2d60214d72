"""Subscribers to move, and processes that move them, for the tests of moves."""

import os
from urllib.parse import quote

from django.db import connection
from django.utils import timezone

from accounts.testing import make_candidate
from plans.models import SubscriberMove, SubscriberMoveRow, Subscription
from plans.services.moves import migrate_users_to_new_plan, resume_move, undo_move

MANY_CANDIDATES = """
INSERT INTO accounts_candidate (code, name, city, region, constituency, contact_name, phone, phone_index, email,
    email_index, created_at)
SELECT 'many-' || n, 'many-' || n, 'tehran', 'tehran', '', '', '', '', '', '', now()
FROM generate_series(1, %s) AS n
"""
MANY_SUBSCRIPTIONS = """
INSERT INTO plans_subscription (candidate_id, plan_id, bought_plan_id, price_rials, is_of_tester, started_at)
SELECT id, %s, %s, 100, false, now() FROM accounts_candidate WHERE code LIKE 'many-%%'
"""


def subscribe_many(plan, count):
    return [
        Subscription.objects.create(candidate=make_candidate(), plan=plan, price_rials=90) for _number in range(count)
    ]


def move(old="basic", new="standard", **more):
    return migrate_users_to_new_plan(old_code=old, new_code=new, reason="promotion", actor=None, **more)


def undo(move, **more):
    return undo_move(move_id=move.pk, reason="by mistake", actor=None, **more)


def plans_of(subscriptions):
    found = Subscription.objects.in_bulk([subscription.pk for subscription in subscriptions])
    return [found[subscription.pk].plan.code for subscription in subscriptions]


def counts_of(move):
    return move.before_count, move.moved_count, move.skipped_count, move.failed_count


def outcomes_of(move, subscriptions):
    rows = SubscriberMoveRow.objects.filter(move=move)
    found = {row.subscription_id: (row.outcome, row.why) for row in rows}
    return [found[subscription.pk] for subscription in subscriptions]


def subscribe_very_many(plan, count):
    with connection.cursor() as cursor:
        cursor.execute(MANY_CANDIDATES, [count])
        cursor.execute(MANY_SUBSCRIPTIONS, [plan.pk, plan.pk])
        # Else the checks of foreign keys read whole tables for each row: their plans are from when these were empty.
        cursor.execute("ANALYZE accounts_candidate, plans_plan, plans_subscription")


def end(number):
    Subscription.objects.filter(pk=number, ended_at=None).update(ended_at=timezone.now())


def run_to_the_end(run):
    try:
        return run()
    except KeyboardInterrupt:
        stopped = SubscriberMove.objects.get()
        return stopped if stopped.state in ("done", "undone") else resume_move(move_id=stopped.pk)


def assert_accounted_for(move, *, expected):
    rows = SubscriberMoveRow.objects.filter(move=move)
    assert move.before_count == rows.count() == expected
    assert move.before_count == move.moved_count + move.skipped_count + move.failed_count
    by_outcome = {outcome: rows.filter(outcome=outcome).count() for outcome in SubscriberMoveRow.Outcome.values}
    assert not move.parts.exists()
    assert by_outcome["moved"] + by_outcome["returned"] + by_outcome["kept"] == move.moved_count
    assert (by_outcome["returned"], by_outcome["kept"]) == (move.returned_count, move.kept_count)
    assert (by_outcome["skipped"], by_outcome["failed"]) == (move.skipped_count, move.failed_count)


def environment_of_this_test():
    """For a process of its own that works on this test's database."""
    settings = connection.settings_dict
    host = settings["HOST"] or settings["OPTIONS"].get("host", "")
    url = f"postgresql://{settings['USER']}:{settings['PASSWORD']}@/{settings['NAME']}?host={quote(host)}"
    return {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "electionsite.settings"}
