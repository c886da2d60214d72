"""Counting ahead: each row once, in the order of ids, up to where every row is decided."""

from django.db import connection, transaction

from bots.models import BotUser, Click, Contribution, HourCount, Message, RollUpMark
from common.drawn_ids import decided_up_to

Kind = HourCount.Kind
TABLES = {
    Kind.PERSON: BotUser._meta.db_table,
    Kind.CLICK: Click._meta.db_table,
    Kind.MESSAGE: Message._meta.db_table,
    Kind.CONTRIBUTION: Contribution._meta.db_table,
}
# Hours begin at half past in UTC: Tehran is three and a half hours ahead. The planner reads one of the four tables.
COUNT_HOURS = """
    INSERT INTO bots_hourcount (bot_id, kind, hour, count)
    SELECT bot_id, kind, date_trunc('hour', occurred_at, 'Asia/Tehran') AS hour, count(*) FROM (
        SELECT 'person' AS kind, id, bot_id, first_seen_at AS occurred_at FROM bots_botuser
        UNION ALL SELECT 'click', id, bot_id, occurred_at FROM bots_click
        UNION ALL SELECT 'message', id, bot_id, occurred_at FROM bots_message
        UNION ALL SELECT 'contribution', id, bot_id, occurred_at FROM bots_contribution
    ) AS came
    WHERE kind = %(kind)s AND id > %(first)s AND id <= %(last)s
    GROUP BY bot_id, kind, hour
    ON CONFLICT (bot_id, kind, hour) DO UPDATE SET count = bots_hourcount.count + EXCLUDED.count
"""
WAIT_SECONDS = 5.0


def roll_up(*, wait_seconds: float = WAIT_SECONDS) -> int:
    """Add what came since the last time to the counts of its hours; returns how many hours changed.

    The count and the mark up to which it goes are one transaction, so each row counts once, whoever dies when. Of two
    that run at once, one counts and the other waits and finds nothing. A kind whose writers stay busy for longer
    than `wait_seconds` is left for the next time.
    """
    return sum(_roll_up_kind(kind, wait_seconds) for kind in Kind)


def rebuild_hours() -> int:
    """Forget all counts and count again from the rows that are there, in one transaction; returns how many hours
    there are."""
    with transaction.atomic():
        for kind in Kind:
            _locked_mark(kind)
        HourCount.objects.all().delete()
        RollUpMark.objects.update(last_id=0)
        return roll_up()


def _roll_up_kind(kind: Kind, wait_seconds: float) -> int:
    with transaction.atomic():
        mark = _locked_mark(kind)
        last = decided_up_to(TABLES[kind], wait_seconds=wait_seconds)
        if last is None or last <= mark.last_id:
            return 0
        with connection.cursor() as cursor:
            cursor.execute(COUNT_HOURS, {"kind": kind.value, "first": mark.last_id, "last": last})
            changed: int = cursor.rowcount
        mark.last_id = last
        mark.save(update_fields=["last_id"])
    return changed


def _locked_mark(kind: Kind) -> RollUpMark:
    RollUpMark.objects.get_or_create(kind=kind)
    return RollUpMark.objects.select_for_update().get(kind=kind)
