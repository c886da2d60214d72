from celery import shared_task

from bots.projection.worker import project_inbox as drain_inbox

# Below the hard limit, between two batches: what is left waits for the next tick.
DRAIN_SECONDS = 40.0


@shared_task(name="bots.project_inbox", soft_time_limit=50, time_limit=60)
def project_inbox() -> int:
    """Take what waits in the inbox; returns how many updates were handled. Beat asks for it every second."""
    return drain_inbox(stop_after_seconds=DRAIN_SECONDS).total
