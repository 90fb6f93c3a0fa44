"""A labelled example: what a customer wrote, and where a person decided that it belongs (R-RT-01)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Example:
    """The last human decision about one work order, beside what the classifier had suggested (None: nothing).

    `text` and `details` are the customer's own, as they were registered; they may name people.
    """

    work_order_id: str
    text: str
    details: Mapping[str, str]
    category: str
    topic: str | None
    suggested_category: str | None
    suggested_topic: str | None
    by: str
    at: datetime
