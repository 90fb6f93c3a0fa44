"""Teams, their queues and office hours on a virtual clock: whoever is free takes the most pressing task.

A life is a generator: it yields what it waits for, a `Task` of a team or a moment, and is sent the time at which that
is over. Its first `yield` is answered with the moment at which it begins. The engine never looks at a real clock.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import TypeAlias

from shared.policy import BusinessCalendar


@dataclass(slots=True)
class Team:
    """People who work through one queue: in office hours, or round the clock where they have no calendar."""

    name: str
    people: int
    calendar: BusinessCalendar | None
    busy: int = 0
    queue: list[tuple[datetime, int, "Task", "Life"]] = field(default_factory=list)
    longest: int = 0
    """The most tasks that ever waited at once."""
    waits: list[float] = field(default_factory=list)
    """Office seconds that each task waited until somebody began it."""
    wakes_at: datetime | None = None

    def worked(self, since: datetime, until: datetime) -> float:
        """Return the seconds of working time between two moments."""
        return (self.calendar.used(since, until) if self.calendar else until - since).total_seconds()


@dataclass(frozen=True, slots=True)
class Task:
    """`seconds` of work for a team; the one with the earliest `pressing` moment is taken first."""

    team: Team
    seconds: int
    pressing: datetime
    asked_at: datetime


Life: TypeAlias = Generator[Task | datetime | None, datetime, None]


class Engine:
    """Runs lives until nothing is left to do, or until the end of time."""

    def __init__(self, until: datetime) -> None:
        self._until = until
        self._order = count()
        self._agenda: list[tuple[datetime, int, Life | Team, Team | None]] = []

    def start(self, at: datetime, life: Life) -> None:
        """Begin `life` at `at`: it runs to its first `yield`, which only waits for that moment."""
        next(life)
        heappush(self._agenda, (at, next(self._order), life, None))

    def run(self) -> None:
        """Let everything happen in its order; what would happen after the end does not."""
        while self._agenda and self._agenda[0][0] <= self._until:
            now, _order, what, served_by = heappop(self._agenda)
            if isinstance(what, Team):
                what.wakes_at = None
                self._serve(what, now)
                continue
            if served_by is not None:
                served_by.busy -= 1
            self._go_on(what, now)
            if served_by is not None:
                self._serve(served_by, now)

    def _go_on(self, life: Life, now: datetime) -> None:
        try:
            wanted = life.send(now)
        except StopIteration:
            return
        if isinstance(wanted, Task):
            heappush(wanted.team.queue, (wanted.pressing, next(self._order), wanted, life))
            self._serve(wanted.team, now)
            wanted.team.longest = max(wanted.team.longest, len(wanted.team.queue))
        elif wanted is not None:
            heappush(self._agenda, (max(wanted, now), next(self._order), life, None))

    def _serve(self, team: Team, now: datetime) -> None:
        """Let those who are free begin what is most pressing; a closed office wakes at its next opening."""
        if not team.queue or team.busy >= team.people:
            return
        opening = team.calendar.next_opening(now) if team.calendar else now
        if opening > now:
            if team.wakes_at is None:
                team.wakes_at = opening
                heappush(self._agenda, (opening, next(self._order), team, None))
            return
        while team.queue and team.busy < team.people:
            _pressing, _order, task, life = heappop(team.queue)
            team.busy += 1
            team.waits.append(team.worked(task.asked_at, now))
            done = team.calendar.add(now, task.seconds) if team.calendar else now + timedelta(seconds=task.seconds)
            heappush(self._agenda, (done, next(self._order), life, team))
