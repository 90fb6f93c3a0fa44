"""The batches of the daily cut-off: what is due, by department and cut-off (R-RT-03)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.events import WorkorderHandedOver

LARGEST_BATCH: Final = 5_000
"""Work orders that one event lists at most; a larger batch is told in several."""


@dataclass(frozen=True, slots=True)
class Due:
    """A work order whose cut-off has come."""

    id: str
    number: str
    department: str
    cutoff_at: datetime


def batches_of(due: Iterable[Due], largest: int = LARGEST_BATCH) -> list[WorkorderHandedOver]:
    """Return one batch for each department and cut-off, its work orders by number; none for a department without any."""
    groups: defaultdict[tuple[datetime, str], list[Due]] = defaultdict(list)
    for one in due:
        groups[one.cutoff_at, one.department].append(one)
    batches = []
    for (cutoff_at, department), group in sorted(groups.items()):
        group.sort(key=lambda one: (len(one.number), one.number))
        for start in range(0, len(group), largest):
            part = group[start : start + largest]
            batches.append(
                WorkorderHandedOver(
                    department=department,
                    cutoff_at=cutoff_at,
                    work_order_ids=tuple(one.id for one in part),
                    numbers=tuple(one.number for one in part),
                )
            )
    return batches
