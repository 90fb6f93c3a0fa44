"""Breaks off a synchronous call of a plugin that does not return, as far as Python can (ADR 0035).

A plugin that loops for ever, a regular expression that backtracks without end, a read from a socket: each would stop the
whole process, and the message that caused it would do so again after the restart. A signal is the one thing that
reaches the main thread meanwhile: its handler looks at the call in hand and, when that takes too long, raises inside the
plugin. Two send it: a thread, for calls that wait; and a timer of the kernel that counts the process's own time, since a
regular expression lets no thread run. Code in C that neither returns nor looks for signals cannot be broken off; such
a call is told of when it returns.

The thread sleeps while no plugin is called, and the timer counts nothing then: an idle service pays for neither.
"""

import atexit
import signal
import threading
import time
from types import FrameType
from typing import Final, Protocol

SIGNAL: Final = signal.SIGVTALRM
TICK_SECONDS: Final = 0.5


class BrokenOff(BaseException):
    """Raised inside a plugin whose call takes too long; no `except Exception` of the plugin's keeps it."""


class Limited(Protocol):
    """A call that may take so long."""

    limit_seconds: float


class Watchdog:
    """Watches the call that the main thread has in hand; there is one at a time."""

    def __init__(self) -> None:
        self.awake = False
        self.main = threading.main_thread().ident
        """The one thread that signals reach."""
        self.since = 0.0
        """When the call in hand began, on `time.perf_counter`; 0.0 while there is none."""
        self.call: Limited | None = None
        """The call in hand, or the last one."""
        self.calls = 0
        self._work = threading.Event()
        self._thread: threading.Thread | None = None

    def running_seconds(self, call: Limited) -> float:
        """Return for how long `call` has been in hand; 0.0 where it is not. Any thread may ask."""
        since = self.since
        return time.perf_counter() - since if since > 0.0 and self.call is call else 0.0

    def rouse(self) -> None:
        """Watch from now on; called by the main thread."""
        if self._thread is None:
            signal.signal(SIGNAL, self._break_off)
            signal.setitimer(signal.ITIMER_VIRTUAL, TICK_SECONDS, TICK_SECONDS)
            atexit.register(signal.setitimer, signal.ITIMER_VIRTUAL, 0)  # the handler is gone before the process is
            self._thread = threading.Thread(target=self._watch, name="plugin-watchdog", daemon=True)
            self._thread.start()
        self.awake = True
        self._work.set()

    def _watch(self) -> None:
        while True:
            self._work.wait()
            seen = self.calls
            time.sleep(TICK_SECONDS)
            if self._overdue():
                signal.pthread_kill(threading.main_thread().ident or 0, SIGNAL)
            elif seen == self.calls and not self.since:
                self._sleep()

    def _sleep(self) -> None:
        """Watch no more; but for a call that began at this moment and found the watchdog awake."""
        self._work.clear()
        self.awake = False
        if self.since:
            self.awake = True
            self._work.set()

    def _overdue(self) -> bool:
        since, call = self.since, self.call
        return since > 0.0 and call is not None and time.perf_counter() - since > call.limit_seconds

    def _break_off(self, _number: int, _frame: FrameType | None) -> None:
        """Raise in the main thread, but only while the call is still in hand: the signal may come late."""
        if self._overdue():
            raise BrokenOff


WATCHDOG: Final = Watchdog()
"""The one of this process."""
