"""The file behind a link: whole, in pieces, and what happens when it is damaged."""

from typing import Any

import psutil
import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from accounts.testing import make_staff
from audit.models import AuditLog
from exports.errors import ExportFailedError
from exports.tests.link_samples import CONTENT, body, make_link, make_ready_run, newest_link, use

pytestmark = pytest.mark.django_db

SIZE = len(CONTENT)


@pytest.fixture
def run() -> Any:
    return make_ready_run(make_staff(Role.DATA_OFFICER))


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def address(run: Any, client: Client) -> str:
    return use(client, make_link(run))


def test_the_answer_says_what_it_is(run: Any, client: Client, address: str) -> None:
    headers = client.get(address).headers

    assert headers["Content-Length"] == str(SIZE)
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert headers["ETag"] == f'"{run.sha256}"'
    assert headers["Accept-Ranges"] == "bytes"
    # RFC 5987
    assert headers["Content-Disposition"] == "attachment; filename*=utf-8''%D9%85%D8%B1%D8%AF%D9%85-1404-09-02.csv"
    assert headers["X-Accel-Buffering"] == "no"


def test_a_name_that_would_end_the_header_does_not(run: Any, client: Client, address: str) -> None:
    run.file_name = 'a"; b\r\nSet-Cookie: x=y.csv'
    run.save()

    headers = client.get(address).headers

    assert "Set-Cookie" not in headers
    assert "\n" not in headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-", 0, SIZE),
        ("bytes=0-0", 0, 1),
        ("bytes=1048000-1049000", 1048000, 1049001),  # over the end of a segment
        ("bytes=5000000-", 5000000, SIZE),
        ("bytes=-100", SIZE - 100, SIZE),
        (f"bytes=-{SIZE * 2}", 0, SIZE),
        (f"bytes=7-{SIZE + 5}", 7, SIZE),
        (f"bytes=7-{'9' * 30}", 7, SIZE),
        ("Bytes=3-4", 3, 5),
    ],
)
def test_a_part_of_the_file(client: Client, address: str, asked: str, start: int, end: int) -> None:
    response = client.get(address, headers={"Range": asked})

    assert response.status_code == 206
    assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert response.headers["Content-Length"] == str(end - start)
    assert body(response) == CONTENT[start:end]


def test_pieces_joined_are_the_whole(client: Client, address: str) -> None:
    pieces, start, step = [], 0, 999_983
    while start < SIZE:
        pieces.append(body(client.get(address, headers={"Range": f"bytes={start}-{start + step - 1}"})))
        start += step

    assert b"".join(pieces) == CONTENT


@pytest.mark.parametrize(
    "asked", [f"bytes={SIZE}-", f"bytes={SIZE + 10}-{SIZE + 20}", "bytes=-0", f"bytes={'9' * 40}-"]
)
def test_a_part_behind_the_end(client: Client, address: str, asked: str) -> None:
    response = client.get(address, headers={"Range": asked})

    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "asked", ["bytes=-", "bytes=a-b", "bytes=5-4", "rows=1-2", "bytes=0-1,5-6", "bytes 0-1", "", "bytes=1٢-"]
)
def test_what_asks_for_no_single_part_gets_the_whole(client: Client, address: str, asked: str) -> None:
    response = client.get(address, headers={"Range": asked})

    assert (response.status_code, body(response)) == (200, CONTENT)


def test_a_download_goes_on_only_with_the_same_file(run: Any, client: Client, address: str) -> None:
    same = client.get(address, headers={"Range": "bytes=9-", "If-Range": f'"{run.sha256}"'})
    other = client.get(address, headers={"Range": "bytes=9-", "If-Range": '"another"'})
    weak = client.get(address, headers={"Range": "bytes=9-", "If-Range": f'W/"{run.sha256}"'})

    assert [answer.status_code for answer in (same, other, weak)] == [206, 200, 200]


def test_asking_for_the_headers_delivers_nothing(run: Any, client: Client, address: str) -> None:
    whole = client.head(address)
    part = client.head(address, headers={"Range": "bytes=1-2"})

    assert (whole.status_code, whole.headers["Content-Length"], whole.content) == (200, str(SIZE), b"")
    assert (part.status_code, part.headers["Content-Length"], part.content) == (206, "2", b"")
    assert newest_link(run).delivered_at is None
    assert client.get(address).status_code == 200


@pytest.mark.django_db(transaction=True)  # leaving a response closes its connection
def test_a_broken_download_goes_on_where_it_broke_off(run: Any, client: Client, address: str) -> None:
    response: Any = client.get(address)
    first = next(iter(response.streaming_content))
    response.close()
    assert newest_link(run).delivered_at is None

    rest = body(client.get(address, headers={"Range": f"bytes={len(first)}-"}))

    assert first + rest == CONTENT
    assert newest_link(run).delivered_at is not None
    acts = AuditLog.objects.filter(action__startswith="exports.download_link.").order_by("pk")
    assert [row.action.rpartition(".")[2] for row in acts] == ["create", "use", "resume", "deliver"]
    resumed = acts[2]
    assert (resumed.details["from_byte"], resumed.address) == (len(first), "127.0.0.1")


def test_delivered_whole_means_once(client: Client, address: str) -> None:
    assert body(client.get(address)) == CONTENT

    response = client.get(address, {"language": "en"})

    assert response.status_code == 410
    assert "This file was delivered already" in response.content.decode()
    # The last bytes may have been lost on their way.
    assert client.get(address, headers={"Range": f"bytes={SIZE - 9}-"}).status_code == 206


def test_the_time_to_go_on_ends(run: Any, client: Client, address: str) -> None:
    link = newest_link(run)
    assert link.used_at
    assert link.resumable_until

    with time_machine.travel(link.resumable_until):
        response = client.get(address, {"language": "en"}, headers={"Range": "bytes=9-"})

    assert response.status_code in (404, 410)  # by then the browser has thrown its ticket away
    assert (link.resumable_until - link.used_at).total_seconds() == 3600


def test_a_ticket_past_its_time_is_refused(run: Any, client: Client, address: str) -> None:
    link = newest_link(run)
    ticket = next(iter(client.cookies.values()))
    late = Client()
    late.cookies[ticket.key] = ticket.value

    with time_machine.travel(link.resumable_until, tick=False):
        response = late.get(address, {"language": "en"})

    assert (response.status_code, "The time of this download has ended" in response.content.decode()) == (410, True)


def damage(vault_folder: Any, run: Any, position: int) -> None:
    path = vault_folder / run.storage_name
    stored = bytearray(path.read_bytes())
    stored[position] ^= 1
    path.write_bytes(stored)


def test_a_file_that_is_damaged_midway_breaks_off(run: Any, client: Client, address: str, vault_folder: Any) -> None:
    damage(vault_folder, run, 2_500_000)
    response: Any = client.get(address)
    received: list[bytes] = []

    with pytest.raises(ExportFailedError, check=lambda error: error.code == "file-damaged"):
        received.extend(response.streaming_content)

    sent = b"".join(received)
    assert 0 < len(sent) < int(response.headers["Content-Length"])
    assert CONTENT.startswith(sent)
    assert newest_link(run).delivered_at is None
    noted = AuditLog.objects.get(action="security.export_file.damaged")
    assert (noted.details["reason"], noted.object_id) == ("file-damaged", str(run.pk))


def test_a_file_that_was_cut_off_is_known_before_a_byte_is_sent(
    run: Any, client: Client, address: str, vault_folder: Any
) -> None:
    path = vault_folder / run.storage_name
    path.write_bytes(path.read_bytes()[:-1])

    response = client.get(address, {"language": "en"})

    assert (response.status_code, "The stored file is damaged" in response.content.decode()) == (410, True)


@pytest.mark.django_db(transaction=True)  # leaving a response closes its connection
def test_the_file_is_closed_also_when_nobody_takes_a_byte(client: Client, address: str, vault_folder: Any) -> None:
    def open_files() -> list[Any]:
        return [file for file in psutil.Process().open_files() if file.path.startswith(str(vault_folder))]

    response = client.get(address)
    assert open_files()

    response.close()

    assert not open_files()


def test_a_file_without_rows_can_be_fetched_too(client: Client) -> None:
    empty = make_ready_run(make_staff(Role.DATA_OFFICER), content=b"", finished_at=timezone.now())
    address = use(client, make_link(empty))

    assert client.get(address, headers={"Range": "bytes=0-"}).status_code == 416
    response = client.get(address)
    assert (response.status_code, response.headers["Content-Length"], body(response)) == (200, "0", b"")
