"""Quiet hours: customers are left alone at night, except in emergencies and where they have just written (R-NT-05)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.events import Purpose
from shared.policy import Policy


def earliest(at: datetime, audience: str, purpose: Purpose, category: str | None, policy: Policy) -> datetime:
    """Return the first moment from `at` on at which the message may leave, in UTC."""
    quiet = policy.notify.quiet_hours
    if audience != "customer" or not quiet.applies(purpose, category):
        return at
    local = at.astimezone(ZoneInfo(policy.timezone))
    if local.time() not in quiet.hours:
        return at
    day = local.date() if local.time() < quiet.hours.end_time else local.date() + timedelta(days=1)
    return datetime.combine(day, quiet.hours.end_time, local.tzinfo).astimezone(UTC)
