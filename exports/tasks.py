from celery import shared_task

from exports import running
from exports.services import notices
from exports.services.cleaning import clean_up_or_alarm
from exports.services.imports import forget_former_values
from exports.services.rehearsals import rehearse_restore as rehearse
from exports.services.rehearsals import watch_rehearsals

SWEEP_SECONDS = 20
LONGEST_SECONDS = 4 * 3600


# The run in PostgreSQL is what matters. A message that is lost, comes twice or comes late does no harm.
@shared_task(name="exports.carry_out", soft_time_limit=LONGEST_SECONDS, time_limit=LONGEST_SECONDS + 60)
def carry_out(*, run_id: int) -> None:
    """Make the file of an export, if it still waits for that."""
    running.carry_out(run_id)


@shared_task(name="exports.sweep", soft_time_limit=25, time_limit=30)
def sweep() -> int:
    """Give workers the exports that wait, and those whose worker died; returns how many. For beat."""
    waiting = running.sweep_exports()
    for run_id in waiting:
        # What no worker takes before beat asks again would pile up in the queue.
        carry_out.apply_async(kwargs={"run_id": run_id}, expires=SWEEP_SECONDS)
    return len(waiting)


@shared_task(name="exports.cleanup", soft_time_limit=1700, time_limit=1800)
def cleanup_exports() -> int:
    """Remove files whose time is over, and orphans; returns how many. Beat asks for it each night.

    It also tells when no backup has been rehearsed for long: the rehearsal's own task can't. And it drops what imports
    keep to be undone, once that isn't possible any more.
    """
    watch_rehearsals()
    forget_former_values()
    return clean_up_or_alarm()


@shared_task(name="exports.rehearse_restore", soft_time_limit=LONGEST_SECONDS, time_limit=LONGEST_SECONDS + 60)
def rehearse_restore() -> str:
    """Restore the last backup into a scratch database and compare; returns what came of it. For beat, each week."""
    return str(rehearse(actor=None).state)


@shared_task(name="exports.make_due_exports", soft_time_limit=100, time_limit=120)
def make_due_exports() -> int:
    """Begin the scheduled exports whose time has come; returns how many. Beat asks for it every half a minute."""
    from exports.services.due_exports import make_due_exports as begin_due  # it gives runs to `carry_out`

    return begin_due()


@shared_task(name="exports.tell_of_export", soft_time_limit=280, time_limit=300)
def tell_of_export(*, run_id: int) -> int:
    """Send the mails about an export that has ended; returns how many the mail server took."""
    return notices.send_notices(run_id=run_id)


@shared_task(name="exports.send_notices", soft_time_limit=280, time_limit=300)
def send_notices() -> int:
    """Send the mails about exports that wait still; returns how many. Beat asks for it every half a minute."""
    return notices.send_notices()
