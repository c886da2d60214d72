"""The inbox and the messages in parts: made ahead, dropped after their time, and nothing twice across midnight."""

import datetime as dt
import json
import threading

import psycopg
import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.utils.translation import override
from django_celery_beat.models import PeriodicTask

from audit.models import AuditLog
from bots.models import BotUser, InboundUpdate, Message
from bots.partitions import INBOX, MESSAGES, troubles
from bots.projection.worker import project_inbox
from bots.services.inbox import retry_updates, store_updates
from bots.services.partitions import maintain_partitions
from bots.tasks import maintain_partitions as maintain_by_task
from bots.tests.updates import MOMENT, message, send
from common.partitions import PartitionBusy, make_partition, partitions_of

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2031, 5, 10, 12, tzinfo=dt.UTC)
MIDNIGHT = dt.datetime(2031, 5, 11, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def clock():
    """The tenth of May 2031, for which the migrations made no partition; the upkeep did."""
    with override("en"), time_machine.travel(NOON, tick=False) as traveller:
        maintain_partitions(actor=None)
        yield traveller


def store(bot, *updates):
    bodies = [json.dumps(item).encode() for item in updates]
    return store_updates(bot=bot, bodies=bodies, source=InboundUpdate.Source.WEBHOOK)


def names(table):
    return [partition.name for partition in partitions_of(table)]


def parts_of(model):
    """The parts that the rows of a model stand in."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT tableoid::regclass::text FROM {model._meta.db_table} ORDER BY id")  # noqa: S608
        return [name for (name,) in cursor.fetchall()]


def acts():
    return list(AuditLog.objects.filter(action__startswith="bots.partition.").order_by("pk"))


# Made ahead.


def test_the_parts_of_the_coming_week_are_made_ahead(clock):
    days = [f"bots_inboundupdate_2031_05_{day}" for day in range(10, 18)]
    assert [name for name in names(INBOX) if "2031" in name] == days
    assert [name for name in names(MESSAGES) if "2031" in name] == ["bots_message_2031_05"]
    clock.move_to(NOON + 15 * DAY)
    maintain_partitions(actor=None)
    assert "bots_message_2031_06" in names(MESSAGES)


def test_each_part_that_is_made_is_recorded(clock):
    made = [row.details["name"] for row in acts() if row.action == "bots.partition.create"]
    assert {"bots_inboundupdate_2031_05_17", "bots_message_2031_05"} <= set(made)


def test_an_update_stands_in_the_part_of_its_day_and_a_message_in_that_of_its_month(bot, clock):
    sent = message("x")
    sent["message"]["date"] = int(NOON.timestamp())
    send(bot, sent)
    assert parts_of(InboundUpdate) == ["bots_inboundupdate_2031_05_10"]
    assert parts_of(Message) == ["bots_message_2031_05"]


def test_what_came_when_no_part_was_there_is_kept_and_moves_to_its_part(bot, clock):
    clock.move_to(NOON + 20 * DAY)
    send(bot, message("kept"))
    assert parts_of(InboundUpdate) == ["bots_inboundupdate_default"]
    assert troubles() != []
    upkeep = maintain_partitions(actor=None)
    assert upkeep.moved_rows >= 1
    assert parts_of(InboundUpdate) == ["bots_inboundupdate_2031_05_30"]
    assert parts_of(Message) == [f"bots_message_{dt.datetime.fromtimestamp(MOMENT, dt.UTC):%Y_%m}"]
    assert troubles() == []
    assert store(bot, message("next")).new == 1


def test_a_message_of_the_year_9999_makes_no_part_and_no_alarm(bot, clock):
    absurd = message("x")
    absurd["message"]["date"] = 253_402_300_799
    send(bot, absurd)
    maintain_partitions(actor=None)
    assert parts_of(Message) == ["bots_message_default"]
    assert troubles() == []


# Dropped after their time.


def test_updates_are_dropped_after_thirty_days_and_what_was_made_of_them_stays(bot, clock):
    send(bot, message("old"))
    clock.move_to(MIDNIGHT + 30 * DAY - dt.timedelta(seconds=1))
    assert maintain_partitions(actor=None).dropped == []
    clock.move_to(MIDNIGHT + 30 * DAY)
    assert "bots_inboundupdate_2031_05_10" in maintain_partitions(actor=None).dropped
    assert not InboundUpdate.objects.exists()
    assert Message.objects.get().text == "old"
    assert acts()[-1].action == "bots.partition.delete"


def test_staff_choose_how_long_updates_are_kept(bot, clock):
    send(bot, message("old"))
    call_command("constance", "set", "INBOX_KEEP_DAYS", "2")
    clock.move_to(MIDNIGHT + 2 * DAY)
    maintain_partitions(actor=None)
    assert not InboundUpdate.objects.exists()


def test_a_day_of_which_an_update_still_waits_is_never_dropped(bot, clock):
    store(bot, message("waits"))
    clock.move_to(NOON + 400 * DAY)
    assert maintain_partitions(actor=None).kept == ["bots_inboundupdate_2031_05_10"]
    assert "still wait" in " ".join(map(str, troubles()))
    project_inbox()
    maintain_partitions(actor=None)
    assert Message.objects.get().text == "waits"
    assert not InboundUpdate.objects.exists()


def test_a_day_with_rejected_updates_is_kept_twice_as_long(bot, clock):
    send(bot, {"update_id": 1, "message": {"chat": {"id": "seven"}}})
    clock.move_to(NOON + 59 * DAY)
    assert maintain_partitions(actor=None).kept == ["bots_inboundupdate_2031_05_10"]
    assert retry_updates(updates=[InboundUpdate.objects.get().pk], actor=None) == 1
    project_inbox()
    clock.move_to(MIDNIGHT + 60 * DAY)
    assert "bots_inboundupdate_2031_05_10" in maintain_partitions(actor=None).dropped
    assert acts()[-1].details["rejected"] == 1


# By hand and by itself.


def test_a_dry_run_tells_and_changes_nothing(bot, clock, capsys):
    send(bot, message("old"))
    clock.move_to(MIDNIGHT + 30 * DAY)
    before = names(INBOX)
    call_command("maintain_partitions", "--dry-run")
    told = capsys.readouterr().out
    assert "To be dropped: bots_inboundupdate_2031_05_10" in told
    assert "To be made: bots_inboundupdate_2031_06_10" in told
    assert names(INBOX) == before


def test_the_command_tells_what_it_did_and_a_second_run_finds_nothing_to_do(clock, capsys):
    clock.move_to(NOON + 30 * DAY)
    call_command("maintain_partitions")
    assert "Made: bots_inboundupdate_2031_06_09" in capsys.readouterr().out
    call_command("maintain_partitions")
    assert capsys.readouterr().out.splitlines() == ["The partitions are in order."]


def test_the_command_fails_when_something_is_still_wrong(bot, clock):
    store(bot, message("waits"))
    clock.move_to(NOON + 400 * DAY)
    with pytest.raises(CommandError, match="still wait"):
        call_command("maintain_partitions")


def test_the_upkeep_is_scheduled_every_hour():
    task = PeriodicTask.objects.get(task="bots.maintain_partitions")
    assert (task.name, task.interval.every, task.interval.period) == ("Look after the partitions", 1, "hours")
    assert maintain_by_task.apply().get() is False


@pytest.mark.usefixtures("clock")
def test_troubles_that_the_upkeep_leaves_raise_an_alarm(bot, clock, settings, mailoutbox):
    settings.ALARM_ADDRESSES = ["operations@example.ir"]
    store(bot, message("waits"))
    clock.move_to(NOON + 400 * DAY)
    assert maintain_by_task.apply().get() is True
    assert [mail.subject.count("partitions") for mail in mailoutbox] == [1]


def test_without_a_part_for_tomorrow_there_is_trouble(clock):
    clock.move_to(NOON + 7 * DAY)
    assert troubles() == ["Table bots_inboundupdate has no partition for tomorrow."]


# Nothing twice, across midnight too.


def test_an_update_that_comes_again_after_midnight_is_known(bot, clock):
    sent = message("once")
    clock.move_to(MIDNIGHT - dt.timedelta(seconds=1))
    assert store(bot, sent).new == 1
    clock.move_to(MIDNIGHT + dt.timedelta(seconds=1))
    assert store(bot, sent).known == 1
    assert store(bot, message("another")).new == 1


def test_a_file_that_is_replayed_weeks_later_is_known(bot, clock):
    sent = message("once")
    store(bot, sent)
    clock.move_to(NOON + 20 * DAY)
    assert store(bot, sent).known == 1


def test_two_copies_that_midnight_parts_make_one_effect(bot, clock):
    """As two processes store them that don't see each other yet: each day has its own."""
    sent = message("once")
    for seconds in (-1, 1):
        clock.move_to(MIDNIGHT + dt.timedelta(seconds=seconds))
        copy(bot, sent)
    assert parts_of(InboundUpdate) == ["bots_inboundupdate_2031_05_10", "bots_inboundupdate_2031_05_11"]
    report = project_inbox()
    assert (report.projected, report.unused, report.rejected) == (1, 1, 0)
    assert (Message.objects.count(), BotUser.objects.get().message_count) == (1, 1)
    assert "came twice" in InboundUpdate.objects.get(state="unused").reason


@pytest.mark.parametrize("first", [-1, 1])
def test_a_copy_that_shows_up_after_the_other_was_used_makes_no_effect(bot, clock, first):
    sent = message("once")
    for seconds in (first, -first):
        clock.move_to(MIDNIGHT + dt.timedelta(seconds=seconds))
        copy(bot, sent)
        project_inbox()
    assert (Message.objects.count(), BotUser.objects.get().message_count) == (1, 1)


def copy(bot, sent):
    InboundUpdate.objects.create(bot=bot, update_id=sent["update_id"], body=json.dumps(sent), source="webhook")


# While others work.


@pytest.fixture
def parts_as_before(transactional_db):
    """What a test commits of parts is gone after it."""
    before = [*partitions_of(INBOX), *partitions_of(MESSAGES)]
    yield
    with connection.cursor() as cursor:
        for partition in {*partitions_of(INBOX), *partitions_of(MESSAGES)} - set(before):
            cursor.execute(f"DROP TABLE {partition.name}")
    maintain_partitions(actor=None)


@pytest.mark.usefixtures("parts_as_before")
def test_parts_are_made_and_dropped_while_updates_come_and_are_used(bot):
    """Half of the rows begin in the default partition; none is lost, and none is used twice, on its way."""
    ends, failures = threading.Event(), []

    def take_in():
        try:
            while not ends.is_set():
                store(bot, *(message("x") for _update in range(20)))
                project_inbox()
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    with time_machine.travel(NOON + 800 * DAY, tick=True) as clock:
        workers = [threading.Thread(target=take_in) for _worker in range(3)]
        for worker in workers:
            worker.start()
        try:
            for later in range(1, 8):
                threading.Event().wait(0.3)
                upkeep = maintain_partitions(actor=None)
                clock.move_to(NOON + (800 + 20 * later) * DAY)
        finally:
            ends.set()
            for worker in workers:
                worker.join()
        project_inbox(wait=True)
        stored = InboundUpdate.objects.count()
        for _attempt in range(3):
            upkeep = maintain_partitions(actor=None)
    assert failures == []
    assert upkeep.busy == []
    assert stored > 0
    assert BotUser.objects.get().message_count == Message.objects.count()
    assert Message.objects.values("update_id").distinct().count() == Message.objects.count()


@pytest.mark.usefixtures("parts_as_before")
def test_a_long_look_at_the_table_is_not_waited_for():
    """Who reads for hours, as a backup does, makes nobody else wait: the upkeep leaves it for the next time."""
    with psycopg.connect(**psycopg_parameters()) as reader:
        reader.execute("SELECT count(*) FROM bots_inboundupdate")
        with pytest.raises(PartitionBusy), transaction.atomic():
            make_partition(INBOX, INBOX.partition_at(NOON + 2000 * DAY))
    assert make_partition(INBOX, INBOX.partition_at(NOON + 2000 * DAY)) == 0


def psycopg_parameters():
    wanted = connection.get_connection_params()
    return {name: value for name, value in wanted.items() if name not in {"context", "cursor_factory"}}
