"""Work orders about the same matter are linked, never merged silently (R-IN-06)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services.routing.domain.identity import normalised
from services.routing.domain.matter import Matter
from services.routing.domain.steps import Asked, stated
from services.routing.domain.workorder import (
    LIVE,
    SYSTEM,
    Decided,
    Queue,
    Refusal,
    WorkOrder,
    illegal,
    invalid,
)
from shared.events import Status, WorkorderLinked
from shared.events.commands import Link

LINKABLE: Final[frozenset[Status]] = LIVE | {"closed"}
MOST_LINKS: Final = 100
SAME_ORDER: Final = "同一客户就同一订单再次来访 (the same customer about the same order)"
SAME_CATEGORY: Final = "同一客户就同类问题再次来访 (the same customer about a matter of the same kind)"


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """A work order that has not ended, as far as telling its matter from another needs."""

    id: str
    customer_id: str
    category: str
    topic: str | None
    queue: Queue
    order_no: str
    """In its normal form; empty where none was told."""
    occurred_at: datetime


def open_matter(work_order: WorkOrder, matter: Matter) -> OpenMatter:
    """Return `work_order` as it is compared."""
    return OpenMatter(
        id=work_order.id,
        customer_id=work_order.customer_id,
        category=work_order.category,
        topic=work_order.topic,
        queue=work_order.queue,
        order_no=order_number(matter.details.get("order_no")),
        occurred_at=work_order.occurred_at,
    )


def order_number(value: str | None) -> str:
    """Return an order number in its normal form, empty for none."""
    return normalised("order_no", value) if value else ""


@dataclass(slots=True)
class OpenMatters:
    """The open matters of some customers; contacts may come out of order, so nearness counts in both directions."""

    window: timedelta
    _of: defaultdict[str, list[OpenMatter]] = field(default_factory=lambda: defaultdict(list))

    def add(self, matters: Iterable[OpenMatter]) -> None:
        """Take note of open matters."""
        for matter in matters:
            self._of[matter.customer_id].append(matter)

    def partner(self, new: OpenMatter) -> tuple[str, str] | None:
        """Return the id of the nearest open work order about the same matter, and why it is the same; None for none."""
        near = sorted(
            (matter for matter in self._of.get(new.customer_id, ()) if self._near(matter, new)),
            key=lambda matter: abs(new.occurred_at - matter.occurred_at),
        )
        return next(((matter.id, why) for matter in near if (why := same(new, matter))), None)

    def _near(self, one: OpenMatter, other: OpenMatter) -> bool:
        return one.id != other.id and abs(other.occurred_at - one.occurred_at) <= self.window


def same(one: OpenMatter, other: OpenMatter) -> str | None:
    """Return why both are about the same matter, or None.

    The order number decides where both tell one; else category and topic, as far as told. What waits in triage has only
    a suggested category, which says too little.
    """
    if one.order_no and other.order_no:
        return SAME_ORDER if one.order_no == other.order_no else None
    decided = one.queue == other.queue == "department"
    if not decided or one.category != other.category or (one.topic and other.topic and one.topic != other.topic):
        return None
    return SAME_CATEGORY


def link(work_order: WorkOrder, command: Link, asked: Asked) -> Decided | Refusal:
    """Note on a person's word that another work order is about the same matter; both stay."""
    other = asked.other
    if other is None or other.id == work_order.id:
        return invalid("other_work_order_id", "A work order is linked with another one.")
    if other.status not in LINKABLE:
        return illegal(f"{other.number} is {other.status}; nothing can be linked with it any more.")
    if other.id in work_order.links:
        return illegal(f"{work_order.number} and {other.number} are linked already.")
    if MOST_LINKS in {len(work_order.links), len(other.links)}:
        return illegal(f"A work order has at most {MOST_LINKS} links.")
    return linked(work_order, other, asked.by, asked.now, stated(command.reason))


def linked(work_order: WorkOrder, other: WorkOrder, by: str, at: datetime, reason: str | None) -> Decided:
    """Link both, each knowing of the other."""
    there = one_way(other, work_order, by, at, reason)
    here = one_way(work_order, other, by, at, reason)
    return Decided(here.work_order, here.events, beside=there)


def linked_by_system(
    work_order: WorkOrder, other: WorkOrder, at: datetime, why: str, *, ended: bool = False
) -> Decided | None:
    """Link a work order just opened with an earlier one, if that has room and has not ended, or may have (`ended`)."""
    if other.status not in (LINKABLE if ended else LIVE) or len(other.links) >= MOST_LINKS:
        return None
    if other.id in work_order.links:
        return None
    return linked(work_order, other, SYSTEM, at, why)


def one_way(work_order: WorkOrder, other: WorkOrder, by: str, at: datetime, reason: str | None) -> Decided:
    """Return `work_order` knowing of `other`."""
    after = work_order.next(links=tuple(dict.fromkeys((*work_order.links, other.id))))
    event = WorkorderLinked(**after.told(by, at, reason), other_work_order_id=other.id, other_number=other.number)
    return Decided(after, (event,))
