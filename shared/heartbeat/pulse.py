"""What a process knows of its own parts: which have work, and since when they have not got on with it.

A part is judged in two ways, and the worse one counts. By its turns: it begins one, and ends it well. By its backlog:
while work waits, a mark that grows with every progress (a sequence, the moment of the oldest thing that waits) has to
grow. So a part that hangs is seen, and one that turns and turns without ever getting anything done.
"""

import time
from collections.abc import Callable

TOLERANCE = 0.5
"""A mark that grew by less has not grown: ages are measured with that much noise."""


class Pulse:
    """The parts of one process; `now` is a monotonic clock in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._due: dict[str, float] = {}
        self._working: set[str] = set()
        self._marks: dict[
            str, tuple[float, float, float]
        ] = {}  # what waits: its mark, since when, and last looked at when
        self._measures: dict[str, Callable[[], float]] = {}

    def begins(self, part: str, patience_seconds: float = 0.0) -> None:
        """Note that `part` begins a turn, or tries it again; what is tried again and again counts from the first time.

        A turn may take `patience_seconds` before it counts as overdue.
        """
        if part not in self._working:
            self._working.add(part)
            self._due[part] = min(self._due.get(part, self._now()), self._now()) + patience_seconds

    def advanced(self, part: str, rest_seconds: float) -> None:
        """Note that `part` ended a turn well, and begins its next one within `rest_seconds`."""
        self._working.discard(part)
        self._due[part] = self._now() + rest_seconds

    def backlog(self, part: str, mark: float | None) -> None:
        """Note that work waits for `part`, with a `mark` that grows with its progress; None: nothing waits."""
        if mark is None:
            self._marks.pop(part, None)
            return
        now, known = self._now(), self._marks.get(part)
        if known is None or abs(mark - known[0]) > TOLERANCE:
            self._marks[part] = (mark, now, now)
        else:
            self._marks[part] = (known[0], known[1], now)

    def measure(self, part: str, overdue: Callable[[], float]) -> None:
        """Ask `overdue` for the seconds of `part` whenever they are wanted."""
        self._measures[part] = overdue

    def overdue(self) -> dict[str, float]:
        """Return for each part the seconds for which it has had work without getting on with it."""
        now = self._now()
        found = {part: max(0.0, now - due) for part, due in self._due.items()}
        for part, (_, since, looked_at) in self._marks.items():
            found[part] = max(found.get(part, 0.0), looked_at - since)  # nobody knows what has happened since the look
        for part, measure in self._measures.items():
            found[part] = max(found.get(part, 0.0), measure())
        return found
