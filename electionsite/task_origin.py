"""What a task does is recorded as coming from the request that queued it."""

from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun

from audit.origin import Origin, acting_from, current_origin

HEADER = "audit_origin"  # Celery has an `origin` of its own: the node that sent the task
_running: dict[str, ExitStack] = {}


@before_task_publish.connect  # type: ignore[untyped-decorator]
def send_origin(headers: dict[str, Any], **_kwargs: Any) -> None:
    """Put the origin of what is going on now beside the task's arguments; the system's own work has none."""
    origin = current_origin()
    if origin != Origin():
        headers[HEADER] = asdict(origin)


@task_prerun.connect  # type: ignore[untyped-decorator]
def take_origin(task_id: str, task: Any, **_kwargs: Any) -> None:
    """Act from the origin that came with the task, until it ends."""
    came = getattr(task.request, HEADER, None)
    _running[task_id] = ExitStack()
    _running[task_id].enter_context(acting_from(Origin(**came) if came else Origin()))


@task_postrun.connect  # type: ignore[untyped-decorator]
def leave_origin(task_id: str, **_kwargs: Any) -> None:
    """What comes next in this process comes from somewhere else."""
    _running.pop(task_id, ExitStack()).close()
