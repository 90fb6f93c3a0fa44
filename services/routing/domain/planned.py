"""Outbound contacts 主动关怀: planned by staff for a time, never what a customer writes in (section 3, `care`).

Staff plan one as a contact over any channel, with `agent_id`, the category and, in its details, `planned_at`: a time
with offset, or a local one. Until then its work order is nobody's; then it is handed over like the batch of a cut-off.
"""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from services.routing.domain.matter import Matter
from shared.policy import Category, Policy

PLANNED_AT: Final = "planned_at"
_FURTHEST_DAYS: Final = 366


def may_be_given(entry: Category, agent_id: str | None) -> bool:
    """Return whether a contact may come with this category: an outbound one only from staff."""
    return agent_id is not None or not entry.outbound


def planned_for(entry: Category, matter: Matter, registered_at: datetime, policy: Policy) -> datetime | None:
    """Return the time for which an outbound contact is planned; None for at once, and for others.

    A time that cannot be read, has passed, or lies more than a year ahead does not make the customer wait.
    """
    written = matter.details.get(PLANNED_AT)
    if not entry.outbound or written is None:
        return None
    try:
        given = datetime.fromisoformat(written)
        at = given if given.tzinfo else given.replace(tzinfo=ZoneInfo(policy.timezone))
        ahead = at - registered_at
    except (ValueError, OverflowError):
        return None
    return at if ahead.total_seconds() > 0 and ahead.days <= _FURTHEST_DAYS else None
