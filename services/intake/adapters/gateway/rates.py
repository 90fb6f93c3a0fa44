"""How many requests are taken: a bucket for each sender and one for all, which fill again with time."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from services.intake.adapters.gateway.config import Rates
from shared.adapters import HttpProblem

MOST_SENDERS = 50_000
"""Senders that are remembered; the one that has been quiet for longest is forgotten first."""
MINUTE = 60.0


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class RateLimit:
    """Counts the requests of one endpoint."""

    def __init__(self, rates: Rates, now: Callable[[], float] = time.monotonic) -> None:
        self._rates = rates
        self._now = now
        self._all = _Bucket(_burst(rates.total), now())
        self._senders: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, sender: str) -> None:
        """Return if `sender` may make a request now; else `HttpProblem` 429 that says when to come again."""
        self._from(
            self._bucket(sender), self._rates.per_sender, "too-many-requests", "Too many requests from one sender"
        )
        self._from(self._all, self._rates.total, "too-busy", "Too many requests in all")

    def give_back(self, sender: str) -> None:
        """Let the last request of `sender` not have counted."""
        if (bucket := self._senders.get(sender)) is not None:
            bucket.left += 1
        self._all.left += 1

    def _bucket(self, sender: str) -> _Bucket:
        bucket = self._senders.pop(sender, None)
        if bucket is None:
            bucket = _Bucket(_burst(self._rates.per_sender), self._now())
            if len(self._senders) >= MOST_SENDERS:
                self._senders.popitem(last=False)
        self._senders[sender] = bucket
        return bucket

    def _from(self, bucket: _Bucket, per_minute: int, kind: str, title: str) -> None:
        now, rate = self._now(), per_minute / MINUTE
        bucket.left = min(_burst(per_minute), bucket.left + (now - bucket.at) * rate)
        bucket.at = now
        if bucket.left < 1:
            wait = math.ceil((1 - bucket.left) / rate)
            raise HttpProblem(429, kind, title, headers={"Retry-After": str(wait)})
        bucket.left -= 1


def _burst(per_minute: int) -> float:
    """Return how many may come at once: a tenth of a minute's, and at least ten or all of them."""
    return float(max(per_minute / 10, min(per_minute, 10)))
