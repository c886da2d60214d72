"""A task acts from where the request came that queued it, through a real queue and a real worker."""

import logging
from collections.abc import Iterator
from uuid import uuid4

import pytest
from celery.contrib.testing.worker import start_worker
from django.db import connection, transaction

from audit.log_filter import RequestIdFilter
from audit.models import AuditLog
from audit.origin import Origin, acting_from, current_request_id
from audit.services import record
from common.testing.processes import wait_until
from electionsite.celery import app

ORIGIN = Origin(address="192.0.2.7", agent="Firefox", session_id="the-session", request_id="a" * 32)


@app.task(name="tests.record_origin")  # type: ignore[untyped-decorator]
def record_origin(name: str) -> None:
    with transaction.atomic():
        record(action="audit.test.act", actor=None, details={"name": name})
    connection.close()


@pytest.fixture
def queue() -> Iterator[str]:
    """A queue of the test's own, with a worker that takes from it."""
    name = f"test-{uuid4()}"
    with start_worker(app, pool="solo", perform_ping_check=False, queues=[name]):
        yield name


def row_named(name: str) -> AuditLog:
    assert wait_until(lambda: AuditLog.objects.filter(details__name=name).exists())
    return AuditLog.objects.get(details__name=name)


@pytest.mark.django_db(transaction=True)
def test_a_task_takes_its_origin_along_and_leaves_it_behind(queue: str) -> None:
    with acting_from(ORIGIN):
        record_origin.apply_async(args=["from a request"], queue=queue)
    record_origin.apply_async(args=["from nowhere"], queue=queue)

    first, second = row_named("from a request"), row_named("from nowhere")

    assert (first.address, first.agent) == (ORIGIN.address, ORIGIN.agent)
    assert (first.session_id, first.request_id) == (ORIGIN.session_id, ORIGIN.request_id)
    assert (second.address, second.session_id, second.request_id) == (None, "", "")


def test_lines_of_the_programs_log_name_the_request() -> None:
    def id_in_line() -> str:
        line = logging.LogRecord("x", logging.INFO, __file__, 1, "words", None, None)
        RequestIdFilter().filter(line)
        return str(line.request_id)  # type: ignore[attr-defined]

    assert id_in_line() == "-"
    with acting_from(ORIGIN):
        assert id_in_line() == current_request_id() == ORIGIN.request_id


def test_the_console_prints_it(settings) -> None:
    console = settings.LOGGING["handlers"]["console"]

    assert "[{request_id}]" in settings.LOGGING["formatters"][console["formatter"]]["format"]
    assert console["filters"] == ["request_id"]
