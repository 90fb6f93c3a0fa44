"""A contact that answers an earlier message joins that work order, if it is the same customer's (R-IN-06, ADR 0040)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from services.routing.domain.steps import reopened
from services.routing.domain.workorder import LIVE, SYSTEM, Decided, WorkOrder
from shared.events import ContactRegistered, Status, WorkorderContacted, WorkorderResumed
from shared.values import frozen

CUSTOMER: Final = "customer"
"""`by` of what the customer did."""
ANSWERED: Final = "客户已回复 (the customer has answered)"
ANSWERED_LATE: Final = "客户在结束后来信 (the customer wrote when it had just ended)"
SAME_THREAD: Final = "客户就已结束的工作单来信 (the customer wrote about a work order that has ended)"
BEYOND: Final = "客户在同一往来中提出敏感问题 (the customer raised a sensitive matter in the same exchange)"
MOST_MERGINGS: Final = 10


@frozen
class Target:
    """A work order that a contact may join, as it was when it was looked for."""

    id: str
    number: str
    customer_id: str
    status: Status
    category: str
    sensitive: bool
    merged_into: str | None = None

    @classmethod
    def of(cls, work_order: WorkOrder) -> "Target":
        """Return a work order as one that a contact may join."""
        return cls(
            work_order.id,
            work_order.number,
            work_order.customer_id,
            work_order.status,
            work_order.category,
            work_order.sensitive,
            work_order.merged_into,
        )


@frozen
class Earlier:
    """What is known of the work orders and messages that some contacts refer to."""

    by_message: Mapping[tuple[str, str], str]
    """The id of the work order by customer and message id."""
    by_number: Mapping[str, str]
    targets: Mapping[str, Target]

    def target(self, contact: ContactRegistered) -> Target | None:
        """Return the work order of its own customer that `contact` answers; None where it answers none.

        The message that it answers decides before the number that it names, a living work order before one that has
        ended; what was merged stands for the one that goes on. Somebody else's number leads nowhere: whoever quotes it
        gets a work order of their own.
        """
        if contact.thread is None:
            return None
        ids = (self.by_message.get((contact.customer_id, one)) for one in contact.thread.answers)
        numbered = (self.by_number.get(number) for number in contact.thread.numbers)
        found = [self._survivor(one) for one in dict.fromkeys((*ids, *numbered)) if one is not None]
        own = [one for one in found if one is not None and one.customer_id == contact.customer_id]
        return next((one for one in own if one.status in LIVE), own[0] if own else None)

    def _survivor(self, work_order_id: str) -> Target | None:
        target = self.targets.get(work_order_id)
        for _ in range(MOST_MERGINGS):
            if target is None or target.merged_into is None:
                return target
            target = self.targets.get(target.merged_into)
        return target


def refers(contacts: Iterable[ContactRegistered]) -> list[ContactRegistered]:
    """Return those of `contacts` that say what they answer."""
    return [one for one in contacts if one.thread is not None and (one.thread.answers or one.thread.numbers)]


def contacted(work_order: WorkOrder, contact: ContactRegistered, now: datetime) -> Decided:
    """Note that the customer wrote again; a pause, in which they were waited for, is over.

    A work order that ended after it was looked for begins a new cycle, for the customer did not know that it had.
    """
    after = work_order.next()
    event = WorkorderContacted(
        **after.told(CUSTOMER, now),
        contact_id=contact.contact_id,
        source_id=contact.source_id,
        channel=contact.channel,
        occurred_at=contact.occurred_at,
    )
    decided = Decided(after, (event,))
    if after.status == "paused" and after.before is not None:
        running = after.next(status=after.before, before=None)
        return Decided(running, (event, WorkorderResumed(**running.told(SYSTEM, now, ANSWERED))))
    if after.status in {"closed", "cancelled"}:
        return reopened(after, SYSTEM, now, ANSWERED_LATE).after(decided.events)
    return decided
