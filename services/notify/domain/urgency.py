"""Who goes first where not everything can leave at once: emergencies and urgent alerts, then people who wait (R-NT-05)."""

from typing import Final

from services.notify.domain.facts import WorkOrder
from services.notify.domain.notice import Notice
from shared.policy import Policy

FIRST: Final = 0
USUAL: Final = 1
LATER: Final = 2
_IN_TIME: Final = frozenset({"survey", "report", "satisfaction"})


def urgency(notice: Notice, order: WorkOrder | None, policy: Policy) -> int:
    """Return 0 for what must not wait behind anything, 1 for what somebody waits for, 2 for what has time."""
    emergency = order is not None and order.category in policy.notify.quiet_hours.exempt_categories
    if emergency or notice.purpose == "breach" or notice.values.get("marks"):
        return FIRST
    if notice.audience == "staff" and order is not None and order.grade == "urgent":
        return FIRST
    if notice.purpose in _IN_TIME or notice.values.get("automatic"):
        return LATER
    return USUAL
