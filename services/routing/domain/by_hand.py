"""A colleague gives a work order to somebody of the same department (R-RT-08)."""

from services.routing.domain.concerned import concerned
from services.routing.domain.steps import Asked, stated
from services.routing.domain.workorder import Decided, Refusal, WorkOrder, illegal, invalid
from shared.events import WorkorderAssigned
from shared.events.commands import Assign


def assign(work_order: WorkOrder, command: Assign, asked: Asked) -> Decided | Refusal:
    """Give the work order to a member of its department who is not off work.

    A person may decide for more than the capacity, and for a colleague who is only away for a moment; an assigner may
    do neither.
    """
    staff = asked.policy.staff(command.assignee)
    if staff is None:
        return invalid("assignee", f"{command.assignee[:64]} is not in the staff directory.")
    if staff.department != work_order.department:
        return invalid(
            "assignee",
            f"{staff.id} does not belong to {work_order.department}, which owns {work_order.number}: "
            "transfer it, or ask for collaboration.",
        )
    if staff.id in concerned(work_order, asked.matter, asked.policy):
        return invalid("assignee", f"{work_order.number} is a complaint about {staff.id}, and is not theirs to handle.")
    if staff.id == work_order.assignee:
        return illegal(f"{staff.id} has {work_order.number} already.")
    if asked.presence.get(staff.id) == "off":
        return illegal(f"{staff.id} is off work: give {work_order.number} to somebody who is there.")
    after = work_order.next(assignee=staff.id)
    told = after.told(asked.by, asked.now, stated(command.reason))
    return Decided(after, (WorkorderAssigned(**told, assignee=staff.id, way="by_hand"),))
