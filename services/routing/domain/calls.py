"""A caller who declined a callback goes to the supervisor at once (R-IN-10)."""

from typing import Final

from services.routing.domain.workorder import SYSTEM, Decided, WorkOrder
from shared.events import ContactRegistered, WorkorderEscalated
from shared.policy import Policy

METRIC: Final = "call"
DECLINED: Final = "来电未解决，客户不接受回电 (the call is not resolved, and the customer declined a callback)"


def after_call(work_order: WorkOrder, contact: ContactRegistered, policy: Policy) -> Decided | None:
    """Return the escalation of a declined callback to the supervisor of the service centre; None for other calls.

    Nothing transfers a call (R-IN-09): what reaches the supervisor is the work order.
    """
    if contact.call is None or not contact.call.callback_declined:
        return None
    after = work_order.next()
    escalated = WorkorderEscalated(
        **after.told(SYSTEM, work_order.opened_at, DECLINED),
        metric=METRIC,
        step="supervisor",
        to=(policy.supervisor_of(policy.service.id).id,),
    )
    return Decided(after, (escalated,))
