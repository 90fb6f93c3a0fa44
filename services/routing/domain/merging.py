"""A work order ends in favour of another one about the same matter, on a person's word only (R-RT-06, R-IN-06)."""

from services.routing.domain.callers import owner_or_service
from services.routing.domain.linking import one_way
from services.routing.domain.steps import Asked, stated
from services.routing.domain.workorder import LIVE, Decided, Refusal, WorkOrder, forbidden, illegal, invalid
from shared.events import WorkorderMerged
from shared.events.commands import Merge
from shared.values import replace


def merge(work_order: WorkOrder, command: Merge, asked: Asked) -> Decided | Refusal:
    """End `work_order` as merged; the one it goes into is linked with it and goes on.

    It takes over what the customer must be verified for, so that no request gets past the gate this way (R-IN-05).
    """
    into, reason = asked.other, stated(command.reason)
    if reason is None:
        return invalid("reason", f"{work_order.number} is merged only with a reason.")
    if into is None or into.id == work_order.id:
        return invalid("into_work_order_id", "A work order is merged into another one.")
    if (refused := owner_or_service(into, asked.caller, asked.policy)) is not None:
        return forbidden(f"{refused[0].upper()}{refused[1:]}, into which {work_order.number} would go.")
    if into.status not in LIVE:
        return illegal(f"{into.number} is {into.status}; only a work order that goes on takes another one in.")
    open_reasons = () if work_order.verified else work_order.verification_reasons
    gated = replace(into, verification_reasons=tuple(dict.fromkeys((*into.verification_reasons, *open_reasons))))
    there = one_way(gated, work_order, asked.by, asked.now, f"{work_order.number} was merged into this one: {reason}")
    after = work_order.next(
        status="merged",
        before=None,
        merged_into=into.id,
        links=tuple(dict.fromkeys((*work_order.links, into.id))),
    )
    event = WorkorderMerged(
        **after.told(asked.by, asked.now, reason), into_work_order_id=into.id, into_number=into.number
    )
    return Decided(after, (event,), beside=there)
