"""Work orders that have just been opened, told as routing tells it, for a time when routing itself does not run."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from shared.bench.atomic import Outgoing
from shared.events import WorkorderOpened, compose, encode
from shared.ids import new_id

_MATTERS: Final = (
    ("after_sales", "product", "market"),
    ("complaint", "product", "market"),
    ("product_inquiry", None, "market"),
    ("after_sales", "platform_paid", "network"),
)


def openings(count: int, at: datetime, policy_version: str, *, first: int = 0) -> Sequence[Outgoing]:
    """Return `count` events of work orders opened at `at`, numbered from `first` on: those kinds that departments get most."""
    return [_opening(number, at, policy_version) for number in range(first, first + count)]


def _opening(number: int, at: datetime, policy_version: str) -> Outgoing:
    category, topic, department = _MATTERS[number % len(_MATTERS)]
    work_order_id = new_id()
    event = WorkorderOpened(
        work_order_id=work_order_id,
        number=f"XR{at:%Y%m%d}{number:03d}",
        contact_id=new_id(),
        source_id=f"web/bench/{number}",
        customer_id=new_id(),
        channel="web",
        category=category,
        topic=topic,
        grade="normal",
        sensitive=False,
        department=department,
        queue="department",
        classified_by="rules",
        confidence=0.9,
        policy_version=policy_version,
        occurred_at=at,
        opened_at=at,
    )
    message = compose(event, source="yingda/routing", subject=work_order_id, at=at, traceparent=None)
    return Outgoing(WorkorderOpened.SUBJECT, encode(message), message.key)
