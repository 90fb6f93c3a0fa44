"""The steps beside the main line: classify, transfer, pause and resume, promise, collaborate."""

from services.routing.domain.assessment import assess
from services.routing.domain.concerned import concerned
from services.routing.domain.gate import verification_reasons
from services.routing.domain.matter import Matter
from services.routing.domain.steps import Asked, stated
from services.routing.domain.tags import automatic_tags, follow
from services.routing.domain.tendency import attitude
from services.routing.domain.workorder import Decided, Refusal, WorkOrder, illegal, invalid
from shared.events import (
    WorkorderClassified,
    WorkorderCollaborated,
    WorkorderPaused,
    WorkorderPromised,
    WorkorderResumed,
    WorkorderTransferred,
)
from shared.events.commands import (
    Classify,
    Collaborate,
    Pause,
    Promise,
    Resume,
    Transfer,
)


def transfer(work_order: WorkOrder, command: Transfer, asked: Asked) -> Decided | Refusal:
    """Give the work order to another department; its status stays, and a human hand has taken it out of triage."""
    reason = stated(command.reason)
    if reason is None:
        return invalid("reason", f"{work_order.number} is transferred only with a reason.")
    target = asked.policy.departments.get(command.department)
    if target is None:
        return invalid("department", f"There is no department {command.department}.")
    if target.kind == "collaborate":
        return invalid("department", f"{target.id} helps with work orders but owns none: ask it to collaborate.")
    if target.id == work_order.department:
        return invalid("department", f"{work_order.number} belongs to {target.id} already.")
    if (refused := _uncollected(work_order, target.id, asked)) is not None:
        return refused
    after = work_order.next(
        department=target.id,
        queue="department",
        assignee=None,
        collaborators=tuple(name for name in work_order.collaborators if name != target.id),
    )
    event = WorkorderTransferred(**after.told(asked.by, asked.now, reason), from_department=work_order.department)
    return Decided(after, (event,))


def _uncollected(work_order: WorkOrder, to: str, asked: Asked) -> Refusal | None:
    """Return the refusal to hand a success on before its material is collected (membership); None for other ways."""
    entry = asked.policy.categories.get(work_order.category)
    if entry is None or entry.hand_on != to or work_order.department != entry.department:
        return None
    if not work_order.missing_fields:
        return None
    names = asked.policy.field_names
    lacking = ", ".join(names[one].zh + f" ({one})" if one in names else one for one in work_order.missing_fields)
    return illegal(f"{work_order.number} is handed on to {to} with its material complete; it lacks {lacking}.")


def pause(work_order: WorkOrder, command: Pause, asked: Asked) -> Decided | Refusal:
    """Wait for the customer (R-SLA-08)."""
    reason = stated(command.reason)
    if reason is None:
        return invalid("reason", f"{work_order.number} is paused only with a reason.")
    after = work_order.next(status="paused", before=work_order.status)
    return Decided(after, (WorkorderPaused(**after.told(asked.by, asked.now, reason)),))


def resume(work_order: WorkOrder, command: Resume, asked: Asked) -> Decided:
    """Go on with the status before the pause."""
    after = work_order.next(status=work_order.before, before=None)
    return Decided(after, (WorkorderResumed(**after.told(asked.by, asked.now, stated(command.reason))),))


def promise(work_order: WorkOrder, command: Promise, asked: Asked) -> Decided | Refusal:
    """Record what the customer was promised, and by when (R-RT-10)."""
    if command.at <= asked.now:
        return invalid("at", "A promise is kept in the future; this time has passed.")
    after = work_order.next()
    event = WorkorderPromised(**after.told(asked.by, asked.now), promised_at=command.at, text=command.text)
    return Decided(after, (event,))


def collaborate(work_order: WorkOrder, command: Collaborate, asked: Asked) -> Decided | Refusal:
    """Ask another department for a deliverable by a time (R-RT-09)."""
    if command.department not in asked.policy.departments:
        return invalid("department", f"There is no department {command.department}.")
    if command.department == work_order.department:
        return invalid("department", f"{command.department} owns {work_order.number}; ask another department.")
    if command.due_at <= asked.now:
        return invalid("due_at", "A deliverable is due in the future; this time has passed.")
    asked_for = tuple(dict.fromkeys((*work_order.collaborators, command.department)))
    after = work_order.next(collaborators=asked_for)
    event = WorkorderCollaborated(
        **after.told(asked.by, asked.now),
        collaboration_id=f"{after.id}.{after.version}",
        with_department=command.department,
        deliverable=command.deliverable,
        due_at=command.due_at,
    )
    return Decided(after, (event,))


def classify(work_order: WorkOrder, command: Classify, asked: Asked) -> Decided | Refusal:
    """Take a person's decision on category and topic, and everything that follows from them (R-RT-01, R-RT-02)."""
    entry = asked.policy.categories.get(command.category)
    if entry is None or entry.outbound:
        return invalid("category", f"No customer writes in with the category {command.category}.")
    if command.topic is not None and command.topic not in entry.topics:
        known = ", ".join(entry.topics) or "none"
        return invalid("topic", f"{command.category} has no topic {command.topic}; its topics are: {known}.")
    matter = asked.matter or Matter("")
    found = assess(
        matter,
        category=entry.id,
        topic=command.topic,
        emotion=work_order.attitude,
        complaints_before=work_order.complaints_before,
        registered_at=work_order.registered_at,
        policy=asked.policy,
        collaborators=work_order.collaborators,
    )
    after = work_order.next(
        category=entry.id,
        topic=command.topic,
        grade=found.grade,
        sensitive=found.sensitive,
        sensitive_reasons=found.sensitive_reasons,
        tendency=found.tendency,
        verification_reasons=verification_reasons(matter, entry.id, asked.policy),
        department=found.department,
        queue="department",
        classified_by="agent",
        confidence=1.0,
        missing_fields=found.missing_fields,
        cutoff_at=found.cutoff_at,
        confirmation_required=entry.confirmation,
        assignee=work_order.assignee if found.department == work_order.department and not entry.to_supervisor else None,
    )
    event = WorkorderClassified(
        **after.told(asked.by, asked.now),
        category=after.category,
        topic=after.topic,
        grade=after.grade,
        suggested_category=work_order.suggested_category,
        suggested_topic=work_order.suggested_topic,
        cutoff_at=after.cutoff_at,
        occurred_at=after.occurred_at,
        sensitive=after.sensitive,
        sensitive_reasons=after.sensitive_reasons,
        attitude=attitude(after.attitude, after.tendency),
        tendency=after.tendency,
        verification_required=bool(after.verification_reasons),
        missing_fields=after.missing_fields,
        concerned=tuple(sorted(concerned(after, matter, asked.policy))),
    )
    more = follow(after, automatic_tags(matter, entry.id, asked.policy), asked)
    return Decided(more.work_order, (event, *more.events)) if more else Decided(after, (event,))
