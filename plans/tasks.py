from celery import shared_task

from common.errors import DomainError
from plans.services.moves import resume_move
from plans.services.release import release_due_plans as release_due


@shared_task(name="plans.release_due_plans", soft_time_limit=25, time_limit=30)
def release_due_plans() -> int:
    """Put on sale what is due; returns how many plans were. Beat asks for it every twenty seconds."""
    return release_due()


# Acknowledged when it is done: a worker that dies hands the move on to the next, which goes on where it stood.
@shared_task(
    name="plans.run_move",
    acks_late=True,
    reject_on_worker_lost=True,
    throws=(DomainError,),
    soft_time_limit=3500,
    time_limit=3600,
)
def run_move(*, move_id: int) -> None:
    """Move the subscribers of a move, or move them back, from where it stands to its end."""
    resume_move(move_id=move_id)
