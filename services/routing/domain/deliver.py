"""The asked department gives its deliverable back to the work order, or declines it (R-RT-09)."""

from services.routing.domain.steps import Asked
from services.routing.domain.workorder import Decided, Refusal, WorkOrder, forbidden, illegal, invalid
from shared.events import WorkorderDelivered
from shared.events.commands import Deliver


def deliver(work_order: WorkOrder, command: Deliver, asked: Asked) -> Decided | Refusal:
    """Give the deliverable back, or decline it with the reason; only the department that was asked, and once."""
    task = asked.collaboration
    if task is None or task.work_order_id != work_order.id:
        return Refusal(
            404,
            "unknown-collaboration",
            "There is no such collaboration",
            f"{work_order.number} has no collaboration {command.collaboration_id[:64]}.",
            "collaboration_id",
        )
    if asked.caller.department != task.with_department:
        return forbidden(f"Only {task.with_department} was asked for this and may deliver it.")
    if task.state != "open":
        by = f" by {task.delivered_by}" if task.delivered_by else ""
        return illegal(f"This collaboration of {work_order.number} was {task.state}{by}; it is delivered once.")
    if not command.text.strip():
        return invalid("text", "A deliverable, or the reason why it is declined, is stated in words.")
    after = work_order.next()
    event = WorkorderDelivered(
        **after.told(asked.by, asked.now),
        collaboration_id=task.id,
        by_department=task.with_department,
        declined=command.declined,
        text=command.text,
    )
    return Decided(after, (event,))
