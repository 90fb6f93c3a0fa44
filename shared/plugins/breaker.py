"""A circuit breaker: what fails again and again is left alone for a while, then tried with one call."""

import time
from collections.abc import Callable

FAILURES = 3
"""So many failures in a row, and nothing is asked of it any more."""
PAUSE_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 600.0


class Breaker:
    """Closed at first; open after failures in a row, for a pause that doubles with each trial that fails."""

    def __init__(
        self,
        failures: int = FAILURES,
        pause_seconds: float = PAUSE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.open = False
        self._threshold = failures
        self._first_pause = pause_seconds
        self._clock = clock
        self.failures = 0
        """How many there were in a row."""
        self._pause = pause_seconds
        self._trial_at = 0.0

    def admits(self) -> bool:
        """Return whether to call now. While it is open that is once in a pause: the call is the trial."""
        if not self.open:
            return True
        now = self._clock()
        if now < self._trial_at:
            return False
        self._trial_at = now + self._pause
        return True

    def succeeded(self) -> None:
        """Note a call that went well: the breaker is closed."""
        self.open = False
        self.failures = 0
        self._pause = self._first_pause

    def failed(self) -> None:
        """Note a call that failed; the last in a row of so many opens the breaker, and a failed trial keeps it open."""
        self.failures += 1
        if self.open:
            self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        elif self.failures < self._threshold:
            return
        self.open = True
        self._trial_at = self._clock() + self._pause
