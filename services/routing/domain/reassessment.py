"""A completed register is assessed anew: it may tell what makes a matter sensitive, or whose department it is for.

Nothing becomes less urgent or less sensitive by it, and a work order moves only where its department was not known: a
complaint about a member of staff whose name is learned later (R-RT-02, R-RT-04, R-RT-05).
"""

from collections.abc import Collection
from typing import Final

from services.routing.domain.assessment import assess
from services.routing.domain.concerned import concerned
from services.routing.domain.employee_named import REGISTERED
from services.routing.domain.matter import Matter
from services.routing.domain.tendency import attitude
from services.routing.domain.workorder import OPEN, SYSTEM, Decided, WorkOrder
from shared.events import ContactCompleted, WorkorderClassified
from shared.policy import Category, Policy

REASON: Final = "登记补全后重新评估 (assessed anew, since the register was completed)"


def reassessed(work_order: WorkOrder, matter: Matter, event: ContactCompleted, policy: Policy) -> Decided | None:
    """Return what follows from the completed `matter`; None where nothing does.

    What is in triage waits for a person, who assesses it anyway; what has its result is assessed no more.
    """
    entry = policy.categories.get(work_order.category)
    if entry is None or work_order.queue == "triage" or work_order.status not in OPEN:
        return None
    found = assess(
        matter,
        category=entry.id,
        topic=work_order.topic,
        emotion=work_order.attitude,
        complaints_before=work_order.complaints_before,
        registered_at=work_order.registered_at,
        policy=policy,
        collaborators=work_order.collaborators,
    )
    reasons = tuple(dict.fromkeys((*work_order.sensitive_reasons, *found.sensitive_reasons)))
    moves = found.department != work_order.department and _was_unknown(work_order, entry, event.completed)
    if reasons == work_order.sensitive_reasons and not moves:
        return None
    after = work_order.next(
        grade="urgent" if found.grade == "urgent" else work_order.grade,
        sensitive=bool(reasons),
        sensitive_reasons=reasons,
        tendency=found.tendency or work_order.tendency,
        department=found.department if moves else work_order.department,
        assignee=None if moves else work_order.assignee,
    )
    told = WorkorderClassified(
        **after.told(SYSTEM, event.at, REASON),
        category=after.category,
        topic=after.topic,
        grade=after.grade,
        suggested_category=after.suggested_category,
        suggested_topic=after.suggested_topic,
        cutoff_at=after.cutoff_at,
        occurred_at=after.occurred_at,
        sensitive=after.sensitive,
        sensitive_reasons=after.sensitive_reasons,
        attitude=attitude(after.attitude, after.tendency),
        tendency=after.tendency,
        verification_required=bool(after.verification_reasons),
        missing_fields=after.missing_fields,
        concerned=tuple(sorted(concerned(after, matter, policy))),
    )
    return Decided(after, (told,))


def _was_unknown(work_order: WorkOrder, entry: Category, completed: Collection[str]) -> bool:
    """Return whether the employee is learned only now, so that the service centre has had the complaint until then."""
    learned = bool(set(REGISTERED).intersection(completed))
    return entry.department_from == "employee" and work_order.department == entry.department and learned
