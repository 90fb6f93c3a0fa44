"""Bursts of news for one member of staff become one message per minute (R-SLA-10)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

from services.notify.domain.urgency import FIRST

_KINDS: Final = {"warning": "alerts", "breach": "alerts", "assigned": "work"}
"""What comes in bursts, and so waits for the minute to end; an alert does not wait for the minute of mere work."""
_ALONE: Final = frozenset({"handover", "report"})
"""What brings a list of its own."""
_ORDER: Final = ("breach", "warning", "assigned", "sign_request")


class News(Protocol):
    """What is asked of a notification to put it together with others."""

    @property
    def purpose(self) -> str: ...  # noqa: D102 (the field of the queue's row)
    @property
    def audience(self) -> str: ...  # noqa: D102
    @property
    def recipient(self) -> str: ...  # noqa: D102
    @property
    def attempt(self) -> int: ...  # noqa: D102
    @property
    def urgency(self) -> int: ...  # noqa: D102


N = TypeVar("N", bound=News)


def minute_of(one: News) -> str | None:
    """Return what names the minute in which `one` has to find its place: whose, and of alerts or of work; else None."""
    kind = _KINDS.get(one.purpose) if one.audience == "staff" else None
    return f"{kind}/{one.recipient}" if kind else None


def goes_with_others(one: News) -> bool:
    """Return whether several of this sort to one person can go in one message."""
    return one.audience == "staff" and one.purpose not in _ALONE


def held_until(one: News, last: Mapping[str, datetime], now: datetime, window: timedelta) -> datetime | None:
    """Return until when it waits since its recipient has just had such a message; None where it may leave now.

    A repeated try is not held: it is the message of a minute that has begun. Nor is urgent work, of which the
    supervisor is to hear when it opens (R-SLA-01).
    """
    minute = minute_of(one)
    urgent = one.urgency == FIRST and one.purpose == "assigned"
    if minute is None or urgent or one.attempt > 0 or minute not in last:
        return None
    free = last[minute] + window
    return free if free > now else None


def bundles(news: Iterable[tuple[str, N]]) -> list[list[N]]:
    """Return what leaves together: what goes to one recipient by one lane, breaches first."""
    found: dict[tuple[str, str], list[N]] = {}
    for lane, one in news:
        found.setdefault((one.recipient, lane), []).append(one)
    return [sorted(bundle, key=_rank) for bundle in found.values()]


def _rank(one: News) -> int:
    return _ORDER.index(one.purpose) if one.purpose in _ORDER else len(_ORDER)
