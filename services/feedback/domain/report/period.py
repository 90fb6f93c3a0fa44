"""The periods of reports: local weeks and months, and the moment at which the report of each is due (R-FB-05).

Decided where the handbook leaves it open:
- A week is Monday 00:00 to Monday 00:00, a month the first to the first, on the policy's time zone.
- What happened counts in the period of its own time: a work order when it was opened, a deadline when it was met or
  missed, an answer when it was given. What is told too late for a report that is published stays out of it: a
  published report never changes. It is in every report made afterwards (`yingda report`), and the next one says how
  many entries of the period before came late.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from shared.policy.feedback import ReportPolicy

ReportKind = Literal["weekly", "monthly"]
KINDS: Final[tuple[ReportKind, ...]] = ("weekly", "monthly")
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Period:
    """Local days from `first` up to and without `end`."""

    kind: ReportKind
    first: date
    end: date
    zone: ZoneInfo

    @property
    def start_at(self) -> datetime:
        """The local midnight at which it begins."""
        return datetime.combine(self.first, time(), self.zone)

    @property
    def end_at(self) -> datetime:
        """The local midnight at which it is over."""
        return datetime.combine(self.end, time(), self.zone)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.end - timedelta(days=1)

    @property
    def name(self) -> str:
        """A name for files, as `weekly-2026-11-23`; both ends where it is neither a week nor a month."""
        whole = containing(self.kind, self.first, self.zone)
        return f"{self.kind}-{self.first}" + ("" if whole == self else f"-to-{self.last}")

    def before(self) -> "Period":
        """Return the period before: a week or month, or as many days."""
        if containing(self.kind, self.first, self.zone) == self:
            return containing(self.kind, self.first - timedelta(days=1), self.zone)
        return Period(self.kind, self.first - (self.end - self.first), self.first, self.zone)

    def after(self) -> "Period":
        """Return the week or month that follows."""
        return containing(self.kind, self.end, self.zone)

    def due(self, policy: ReportPolicy) -> datetime:
        """Return when its report is made."""
        if self.kind == "weekly":
            day, at = DAYS.index(policy.weekly.day), policy.weekly.at
        else:
            day, at = policy.monthly.day - 1, policy.monthly.at
        return datetime.combine(self.end + timedelta(days=day), at, self.zone)


def containing(kind: ReportKind, day: date, zone: ZoneInfo) -> Period:
    """Return the week or month that `day` lies in."""
    if kind == "weekly":
        first = day - timedelta(days=day.weekday())
        return Period(kind, first, first + timedelta(days=7), zone)
    first = day.replace(day=1)
    return Period(kind, first, (first + timedelta(days=31)).replace(day=1), zone)


def trend(period: Period, count: int) -> tuple[Period, ...]:
    """Return the last `count` periods up to `period`, in order."""
    found = [period]
    while len(found) < count:
        found.append(found[-1].before())
    return tuple(reversed(found))


def missing(
    kind: ReportKind, after: Period | None, begun: datetime | None, now: datetime, policy: ReportPolicy, zone: ZoneInfo
) -> tuple[Period | None, datetime]:
    """Return the next period whose report is due at `now`, and the moment to look again.

    It follows the last one published (`after`); the first is that in which the first fact was `begun`. So what a
    house that was down has missed is made up, one period after the other.
    """
    if after is not None:
        following = after.after()
    elif begun is not None:
        following = containing(kind, begun.astimezone(zone).date(), zone)
    else:
        current = containing(kind, now.astimezone(zone).date(), zone)
        return None, current.due(policy)
    due = following.due(policy)
    return (following, now) if due <= now else (None, due)
