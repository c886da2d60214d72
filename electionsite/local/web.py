"""The address of the local web process, and whether it answers."""

import http.client
import socket
import time
from collections.abc import Callable

HOST = "127.0.0.1"
PORTS_TO_TRY = 100
START_SECONDS = 60.0


def free_port(wanted: int) -> int:
    """`wanted`, or the next port that nobody listens on. Raises OSError when there is none nearby."""
    for port in range(wanted, min(wanted + PORTS_TO_TRY, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port from {wanted} on")


def wait_until_it_answers(port: int, *, may_go_on: Callable[[], bool]) -> bool:
    """Whether /health/live answered; False when `may_go_on` said no, or after a minute."""
    give_up_at = time.monotonic() + START_SECONDS
    while may_go_on() and time.monotonic() < give_up_at:
        if _answers(port):
            return True
        time.sleep(0.1)
    return False


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
