"""When the customer is told, without anybody's doing, that the matter is still being worked on (R-SLA-04)."""

from datetime import timedelta
from typing import Final

from services.notify.domain.quiet import earliest
from shared.events import SlaWarned
from shared.policy import Policy

MARGIN: Final = timedelta(minutes=30)
"""How long before the deadline the message must leave: it is not there at the very moment at which it may leave, and
what is told at the end of a night starts a clock that ends at the end of the next one."""
_WHOLE = 100


def write_now(event: SlaWarned, category: str | None, policy: Policy) -> bool:
    """Return whether this warning is the last at which the customer can be told in time.

    The last warning before the deadline, or an earlier one where every later one falls into the quiet hours, or
    nearly so, and its message would leave less than `MARGIN` before the deadline or after it (R-NT-05).
    """
    left = event.due_at - event.at + timedelta(seconds=event.late_seconds)
    for percent in policy.sla.warnings:
        if percent <= event.percent:
            continue
        remaining = left * ((_WHOLE - percent) / (_WHOLE - event.percent))
        margin = min(MARGIN, remaining / 3)  # a short clock has no half hour to spare
        leaves = earliest(event.due_at - remaining + margin, "customer", "progress", category, policy)
        if leaves + margin <= event.due_at:
            return False
    return True
