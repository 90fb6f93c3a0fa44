"""Rate limits: at most so many departures in any stretch of time, whoever sends (R-NT-05)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from shared.policy.notify import RateLimit


@dataclass(frozen=True, slots=True)
class Window:
    """The departures that still count against the limits of one transport or recipient, the earliest first.

    `booked_at` and `booked` pace those who wait: so many of them have been told to ask again at that moment.
    """

    taken: tuple[datetime, ...] = ()
    booked_at: datetime | None = None
    booked: int = 0

    def free_at(self, limits: Sequence[RateLimit], now: datetime) -> datetime:
        """Return the first moment from `now` on at which one more may leave."""
        return max([now, *(_free(self.taken, limit, now) for limit in limits)])

    def take(self, limits: Sequence[RateLimit], now: datetime) -> Self:
        """Return the window after one more has left at `now`; what no longer counts is forgotten."""
        longest = max((limit.per.timedelta for limit in limits), default=timedelta())
        most = max((limit.count for limit in limits), default=0)
        kept = [at for at in self.taken if at > now - longest][-most:]
        return type(self)((*kept, now)[-most:] if most else (), self.booked_at, self.booked)

    def book(self, limits: Sequence[RateLimit], now: datetime) -> tuple[datetime, Self]:
        """Return when one that cannot leave now is to ask again, and the window with that booking.

        As many as the tightest limit lets through are sent to the same moment, the next ones to the one after: so
        a long queue is not asked again and again. A booking reserves nothing; who is more urgent may come first.
        """
        free = self.free_at(limits, now)
        tightest = min(limits, key=lambda limit: (limit.per.seconds / limit.count, limit.per.seconds))
        at, count = self.booked_at, self.booked
        if at is None or at < free:
            at, count = free, 0
        elif count >= tightest.count:
            at, count = at + tightest.per.timedelta, 0
        return at, type(self)(self.taken, at, count + 1)


def _free(taken: Sequence[datetime], limit: RateLimit, now: datetime) -> datetime:
    """Return when the departure that stands in the way of one more has left the stretch; a moment past where none does."""
    if len(taken) < limit.count:
        return now
    return taken[-limit.count] + limit.per.timedelta
