"""Adding what is new, and what has to be put right with it."""

from collections.abc import Sequence

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from bots.services.erasure import people_brought_back, reapply_erasures
from exports.backup.staging import NEW, staged
from exports.backup.statements import name, names, run
from exports.backup.tables import Table

LOCK_TIMEOUT = "10s"
# What is on its way when a backup is made may arrive after it. A restore must not send it again; people decide.
SETTLE_OUTBOX = """
UPDATE restore_bots_outboxmessage SET state = 'uncertain', reason = %s
WHERE fate = 'new' AND state IN ('queued', 'sending')
"""
LEAVE_UNSETTLED = """
UPDATE restore_bots_broadcastdelivery AS came SET fate = 'part' FROM restore_bots_broadcast AS broadcast
WHERE came.fate = 'new' AND came.state IN ('queued', 'sending')
    AND broadcast.number_here = came.broadcast_id AND broadcast.fate <> 'new'
"""
SETTLE_DELIVERIES = """
WITH settled AS (
    UPDATE restore_bots_broadcastdelivery SET state = 'uncertain', settled_at = now(), reason = 'sender-ended'
    WHERE fate = 'new' AND state = 'sending' RETURNING broadcast_id
), counted AS (SELECT broadcast_id, count(*) AS number FROM settled GROUP BY broadcast_id)
UPDATE restore_bots_broadcast AS broadcast SET uncertain_count = uncertain_count + counted.number
FROM counted WHERE counted.broadcast_id = broadcast.number_here AND broadcast.fate = 'new'
"""
SETTLE_BROADCASTS = """
UPDATE restore_bots_broadcast SET state_reason = %s, state = CASE state WHEN 'sending' THEN 'paused' ELSE 'draft' END
WHERE fate = 'new' AND state IN ('sending', 'scheduled')
"""
COUNT_OF_PEOPLE = """
UPDATE bots_botuser AS person SET
    click_count = (SELECT count(*) FROM bots_click WHERE bot_user_id = person.id),
    message_count = (SELECT count(*) FROM bots_message WHERE bot_user_id = person.id)
WHERE person.id IN (SELECT number_here FROM restore_bots_botuser WHERE fate IN ('same', 'differs'))
    AND person.id IN (
        SELECT bot_user_id FROM restore_bots_click WHERE fate = 'new'
        UNION SELECT bot_user_id FROM restore_bots_message WHERE fate = 'new'
    )
"""
COUNT_OF_USES = """
UPDATE plans_discountcampaign AS campaign
SET use_count = (SELECT count(*) FROM plans_campaignuse WHERE campaign_id = campaign.id)
WHERE campaign.id IN (SELECT number_here FROM restore_plans_discountcampaign WHERE fate IN ('same', 'differs'))
    AND campaign.id IN (SELECT campaign_id FROM restore_plans_campaignuse WHERE fate = 'new')
"""
# Their votes were counted without their names when they were erased here.
VOTES_COUNTED_ALREADY = """
DELETE FROM bots_pollanswer AS answer USING restore_bots_poll AS poll
WHERE answer.poll_id = poll.number_here AND poll.fate <> 'new' AND answer.bot_user_id = ANY(%s)
"""


def lock_tables(tables: Sequence[str]) -> None:
    """Keep everybody from writing to the tables until the end; who reads isn't disturbed."""
    run("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
    run(f"LOCK TABLE {names(tables)} IN SHARE ROW EXCLUSIVE MODE")


def settle_what_was_under_way() -> None:
    """Let nothing be sent again that may have been sent since the backup was made."""
    with translation.override(settings.LANGUAGE_CODE):
        reason = _("restored from a backup: it may have been sent")
    run(SETTLE_OUTBOX, [reason])
    run(LEAVE_UNSETTLED)
    run(SETTLE_DELIVERIES)
    run(SETTLE_BROADCASTS, [reason])


def insert_new(table: Table) -> None:
    """Add a table's new rows with the numbers that they have here."""
    columns = list(table.fields)
    values = ", ".join("number_here" if column == "id" else name(column) for column in columns)
    run(
        f"INSERT INTO {name(table.name)} ({names(columns)}) "  # noqa: S608 (names of our own models)
        f"SELECT {values} FROM {staged(table.name)} WHERE fate = '{NEW}'"
    )


def draw_later_numbers(table: Table) -> None:
    """Let the next row of the table get a number above all that there are."""
    if not table.has_number:
        return
    run(
        "SELECT setval(sequence, greatest(highest, pg_sequence_last_value(sequence::regclass))) "  # noqa: S608
        f"FROM (SELECT pg_get_serial_sequence('{table.name}', 'id') AS sequence, max(id) AS highest "
        f"FROM {name(table.name)}) AS found WHERE highest IS NOT NULL"
    )


def count_anew() -> None:
    """Counts of what was here already and got more."""
    run(COUNT_OF_PEOPLE)
    run(COUNT_OF_USES)


def erase_again() -> int:
    """Erase whom the restore has brought back; returns how many."""
    run(VOTES_COUNTED_ALREADY, [people_brought_back()])
    return reapply_erasures()
