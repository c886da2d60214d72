"""The terminal that the site was started in."""

import select
import shutil
import sys


def terminal_columns() -> int:
    """How wide the terminal is; 0 when we write to none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0


class Terminal:
    """Notices that its terminal is gone.

    SIGHUP alone doesn't tell: when a terminal closes, the kernel sends it to the session's leader only, and where
    that is `make` itself (`ssh -t host make run`), make keeps it for itself.
    """

    def __init__(self) -> None:
        self._poll = select.poll() if sys.stdout.isatty() else None
        if self._poll:
            self._poll.register(sys.stdout.fileno(), 0)  # hang-ups are told unasked

    def is_there(self) -> bool:
        """False once it has closed; without a terminal there is none to lose."""
        return not (self._poll and any(event & (select.POLLHUP | select.POLLERR) for _fd, event in self._poll.poll(0)))
