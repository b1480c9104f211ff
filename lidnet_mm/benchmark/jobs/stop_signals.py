"""SIGTERM, SIGINT and SIGHUP while jobs run."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextlib.contextmanager
def stopped_by_signals(
    stop: Callable[[int], None], announce: Callable[[str], None]
) -> Iterator[None]:
    """Call a function at each SIGTERM, SIGINT and SIGHUP of this process, in place of dying of it.

    A signal that is ignored, as SIGHUP under ``nohup``, stays so. Outside the main thread, where
    Python handles no signals, nothing changes.

    Args:
        stop (Callable[[int], None]): Called with the signal.
        announce (Callable[[str], None]): Takes the line that says so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        stop(number)
        name = signal.Signals(number).name
        line = f"{name}: the jobs are asked to stop; a second signal kills them"
        # Not here: the signal may have come in the midst of another line.
        threading.Thread(target=announce, args=(line,)).start()

    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
