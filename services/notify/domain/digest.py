"""Bursts of alerts become one message per person and minute (R-SLA-10)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

ALERTS: Final = frozenset({"warning", "breach"})


class Alert(Protocol):
    """What is asked of a notification to put it together with others."""

    @property
    def purpose(self) -> str: ...  # noqa: D102 (the field of the queue's row)
    @property
    def audience(self) -> str: ...  # noqa: D102
    @property
    def recipient(self) -> str: ...  # noqa: D102
    @property
    def tries(self) -> int: ...  # noqa: D102


A = TypeVar("A", bound=Alert)


def is_alert(one: Alert) -> bool:
    """Return whether the notification is one of those that come in bursts."""
    return one.audience == "staff" and one.purpose in ALERTS


def held_until(one: Alert, last: Mapping[str, datetime], now: datetime, window: timedelta) -> datetime | None:
    """Return until when an alert waits since its recipient has just had one; None where it may leave now.

    A repeated try is not held: it is the message of a minute that has begun.
    """
    if not is_alert(one) or one.tries > 0 or one.recipient not in last:
        return None
    free = last[one.recipient] + window
    return free if free > now else None


def bundles(alerts: Iterable[tuple[str, A]]) -> list[list[A]]:
    """Return the alerts that leave together: those of one recipient by one lane, breaches before warnings."""
    found: dict[tuple[str, str], list[A]] = {}
    for lane, alert in alerts:
        found.setdefault((alert.recipient, lane), []).append(alert)
    return [sorted(bundle, key=lambda one: one.purpose != "breach") for bundle in found.values()]
