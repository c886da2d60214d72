"""Starting and stopping other processes without leaving any behind."""

import ctypes
import signal
import sys
from collections.abc import Callable
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_with_parent(signal_number: int) -> Callable[[], None] | None:
    """For `preexec_fn`: Linux sends the child this signal when its parent ends, however it ends; None elsewhere.

    Only safe where the process has no second thread yet, as anything in `preexec_fn`.
    """
    if sys.platform != "linux":
        return None
    set_parent_death_signal = 1
    prctl = ctypes.CDLL(None).prctl

    def ask_the_kernel() -> None:
        prctl(set_parent_death_signal, int(signal_number), 0, 0, 0)

    return ask_the_kernel


def exit_on_stop_signals() -> None:
    """From now on, Ctrl-C, `kill` and a closed terminal end this process by SystemExit(0), once; more are ignored.

    So `finally` and `atexit` run undisturbed, and there is no traceback.
    """

    def leave(_signal_number: int, _frame: FrameType | None) -> None:
        ignore_stop_signals()
        raise SystemExit(0)

    for number in STOP_SIGNALS:
        signal.signal(number, leave)


def ignore_stop_signals() -> None:
    """From now on nobody may interrupt: for the moments in which others are being stopped."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
