from celery import shared_task

from bots.analytics.roll_up import roll_up
from bots.analytics.snapshot import refresh_snapshots
from bots.projection.worker import project_inbox as drain_inbox
from bots.services import partitions
from bots.services.backlog import watch_backlog as watch
from bots.services.care import check_tokens as ask_for_names
from bots.services.care import watch_bots as look_after_bots
from bots.services.erasure import erase_who_asked as erase_now
from bots.services.outbox import forget_old_replies as forget
from bots.services.outbox import watch_sending
from bots.services.pauses import follow_plans as pause_and_resume

# Below the hard limit, between two batches: what is left waits for the next tick.
DRAIN_SECONDS = 40.0


@shared_task(name="bots.project_inbox", soft_time_limit=50, time_limit=60)
def project_inbox() -> int:
    """Take what waits in the inbox; returns how many updates were handled. Beat asks for it every second."""
    return drain_inbox(stop_after_seconds=DRAIN_SECONDS).total


@shared_task(name="bots.watch_backlog", soft_time_limit=25, time_limit=30)
def watch_backlog() -> bool:
    """See how long updates and messages wait; returns whether an alarm was raised. Beat asks for it every minute."""
    return any([watch(), watch_sending()])


@shared_task(name="bots.count_for_analytics", soft_time_limit=540, time_limit=600)
def count_for_analytics() -> int:
    """Count what came since the last time; returns how many hours changed. Beat asks for it every minute."""
    hours = roll_up()
    refresh_snapshots()
    return hours


@shared_task(name="bots.watch_bots", soft_time_limit=230, time_limit=240)
def watch_bots() -> int:
    """Ask the platforms how updates get here; returns how many bots have trouble. Beat asks every five minutes."""
    return look_after_bots()


@shared_task(name="bots.check_tokens", soft_time_limit=230, time_limit=240)
def check_tokens() -> int:
    """Ask the platforms whether tokens are still good; returns how many aren't. Beat asks for it each night."""
    return ask_for_names()


@shared_task(name="bots.follow_plans", soft_time_limit=100, time_limit=120)
def follow_plans() -> int:
    """Pause and resume bots as their candidates' plans say; returns how many. Beat asks for it each five minutes."""
    return pause_and_resume()


@shared_task(name="bots.maintain_partitions", soft_time_limit=540, time_limit=600)
def maintain_partitions() -> bool:
    """Look after the partitions; returns whether an alarm was raised. Beat asks for it every hour."""
    partitions.maintain_partitions(actor=None)
    return partitions.watch_partitions()


@shared_task(name="bots.erase_who_asked", soft_time_limit=540, time_limit=600)
def erase_who_asked() -> int:
    """Erase the people who asked their bot for it; returns how many. Beat asks for it every ten seconds."""
    return erase_now()


@shared_task(name="bots.forget_old_replies", soft_time_limit=1500, time_limit=1800)
def forget_old_replies() -> int:
    """Delete what bots replied long ago; returns how many. Beat asks for it each night."""
    return forget()
