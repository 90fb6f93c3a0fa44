"""Collaboration across departments 跨部门协作: a deliverable is asked for, and given back or declined (R-RT-09)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

CollaborationState = Literal["open", "delivered", "declined", "cancelled"]


@dataclass(frozen=True, slots=True)
class Collaboration:
    """One deliverable that `with_department` was asked for, and what came of it.

    `cancelled` is one that was still open when its work order ended.
    """

    id: str
    work_order_id: str
    department: str
    with_department: str
    deliverable: str
    due_at: datetime
    by: str
    at: datetime
    state: CollaborationState = "open"
    delivered_by: str | None = None
    delivered_at: datetime | None = None
    result: str | None = None
