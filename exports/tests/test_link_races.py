"""Many who try at the same moment, each with a connection of their own."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from audit.models import AuditLog
from exports.services.links import revoke_link
from exports.tests.link_samples import make_link, make_ready_run, newest_link

pytestmark = pytest.mark.django_db(transaction=True)

REQUESTS = 50


def at_once(work: Any, count: int) -> list[Any]:
    """What `count` threads got that do the work at the same moment."""
    ready = threading.Barrier(count)

    def one(number: int) -> Any:
        try:
            ready.wait(30)
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_one_of_fifty_parallel_requests_wins() -> None:
    run = make_ready_run(make_staff(Role.DATA_OFFICER))
    path = make_link(run)

    answers = at_once(lambda _number: Client().post(path), REQUESTS)

    assert Counter(answer.status_code for answer in answers) == {303: 1, 410: REQUESTS - 1}
    assert [bool(answer.cookies) for answer in answers].count(True) == 1
    assert AuditLog.objects.filter(action="exports.download_link.use").count() == 1


def test_one_of_fifty_requests_of_the_same_person_wins() -> None:
    officer = make_staff(Role.DATA_OFFICER)
    path = make_link(make_ready_run(officer, personal=True))
    clients = [sign_in(officer) for _request in range(REQUESTS)]

    answers = at_once(lambda number: clients[number].post(path), REQUESTS)

    assert Counter(answer.status_code for answer in answers) == {303: 1, 410: REQUESTS - 1}


def test_a_link_that_is_revoked_while_it_is_used_gives_no_file_afterwards() -> None:
    officer = make_staff(Role.DATA_OFFICER)
    run = make_ready_run(officer)
    path, link = make_link(run), newest_link(run)
    client = Client()

    used, _revoked = at_once(
        lambda number: client.post(path) if number == 0 else revoke_link(link=link, actor=officer), 2
    )

    assert used.status_code in (303, 410)
    if used.status_code == 303:
        assert client.get(used.headers["Location"]).status_code == 410
