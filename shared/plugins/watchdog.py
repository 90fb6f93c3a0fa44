"""Breaks off a synchronous call of a plugin that does not return, as far as Python can (ADR 0035).

A plugin that loops for ever, a regular expression that backtracks without end, a read from a socket: each would stop the
whole process, and the message that caused it would do so again after the restart. A thread looks at the call in hand
and, when that takes too long, sends a signal to the main thread, whose handler raises inside the plugin. Code in C
that neither returns nor looks for signals cannot be broken off; such a call is broken off as it returns, and until then
the gauge of running calls tells of it, since metrics are served by a thread.

The thread sleeps while no plugin is called: it costs an idle service nothing.
"""

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
        self._call: Limited | None = None
        self._calls = 0
        self._work = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self, call: Limited, began: float) -> None:
        """Watch `call`, which began just now, until `since` is 0.0 again."""
        self._calls += 1
        self._call = call
        self.since = began

    def running_seconds(self, call: Limited) -> float:
        """Return for how long `call` has been in hand; 0.0 where it is not. Any thread may ask."""
        since = self.since
        return time.perf_counter() - since if since > 0.0 and self._call is call else 0.0

    def rouse(self) -> bool:
        """Watch from now on; called by the main thread. Always True."""
        if self._thread is None:
            signal.signal(SIGNAL, self._break_off)
            self._thread = threading.Thread(target=self._watch, name="plugin-watchdog", daemon=True)
            self._thread.start()
        self.awake = True
        self._work.set()
        return True

    def _watch(self) -> None:
        while True:
            self._work.wait()
            seen = self._calls
            time.sleep(TICK_SECONDS)
            if self._overdue():
                signal.pthread_kill(threading.main_thread().ident or 0, SIGNAL)
            elif seen == self._calls and not self.since:
                self._work.clear()
                self.awake = False

    def _overdue(self) -> bool:
        since, call = self.since, self._call
        return since > 0.0 and call is not None and time.perf_counter() - since > call.limit_seconds

    def _break_off(self, _number: int, _frame: FrameType | None) -> None:
        """Raise in the main thread, but only while the call is still in hand: the signal may come late."""
        if self._overdue():
            raise BrokenOff


WATCHDOG: Final = Watchdog()
"""The one of this process."""
