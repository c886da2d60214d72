from celery import shared_task

from common.errors import DomainError
from plans.services.moves import moves_at_a_standstill, resume_move
from plans.services.release import release_due_plans as release_due
from plans.services.track_steps import tick_tracks as tick

BEAT_SECONDS = 60


@shared_task(name="plans.release_due_plans", soft_time_limit=25, time_limit=30)
def release_due_plans() -> int:
    """Put on sale what is due; returns how many plans were. Beat asks for it every twenty seconds."""
    return release_due()


@shared_task(name="plans.tick_tracks", soft_time_limit=50, time_limit=55)
def tick_tracks() -> int:
    """Judge the next step of each running track; returns how many were taken. Beat asks for it each minute."""
    return tick()


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
    """Move the subscribers of a move, or move them back, from where it stands to its end.

    One that is at its end is left alone: the same task may come twice.
    """
    try:
        resume_move(move_id=move_id)
    except DomainError as error:
        if error.code != "move-finished":
            raise


@shared_task(name="plans.resume_moves", soft_time_limit=25, time_limit=30)
def resume_moves() -> int:
    """Give workers the moves that stand still, whose worker or whose task was lost; returns how many. For beat."""
    moves = moves_at_a_standstill()
    for move_id in moves:
        # What no worker takes before beat asks again would pile up in the queue.
        run_move.apply_async(kwargs={"move_id": move_id}, expires=BEAT_SECONDS)
    return len(moves)
