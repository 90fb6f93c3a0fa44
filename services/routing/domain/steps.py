"""The steps of the main line, once legal: each gives the work order afterwards and the event that tells of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from services.routing.domain.collaboration import Collaboration
from services.routing.domain.gate import unverified
from services.routing.domain.identity import Identity
from services.routing.domain.matter import Matter
from services.routing.domain.signing import signers
from services.routing.domain.workorder import Decided, Refusal, WorkOrder, forbidden, illegal, invalid
from shared.events import (
    Presence,
    Status,
    WorkorderCancelled,
    WorkorderConfirmed,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderResponded,
    WorkorderReturned,
    WorkorderSigned,
)
from shared.events.commands import (
    Cancel,
    Confirm,
    Reopen,
    Resolve,
    Respond,
    Sign,
    WorkorderCommand,
)
from shared.policy import Policy, Staff

C = TypeVar("C", bound=WorkorderCommand)


@dataclass(frozen=True, slots=True)
class Asked:
    """The circumstances of a step: who asks, under which policy, when, and what the customer wrote.

    `presence` is that of the person whom an assignment names, `collaboration` the one that a deliverable is for.
    """

    caller: Staff
    policy: Policy
    now: datetime
    matter: Matter | None = None
    presence: Mapping[str, Presence] = field(default_factory=dict)
    collaboration: Collaboration | None = None
    other: WorkOrder | None = None
    """The other work order of a link or a merging."""
    identity: Identity | None = None
    """What the answers of a verification are compared with."""

    @property
    def by(self) -> str:
        """The id of who asks."""
        return self.caller.id


@dataclass(frozen=True, slots=True)
class Rule(Generic[C]):
    """One line of the lifecycle: the statuses in which the step is legal, who may ask for it, and what it does."""

    done: str
    legal: frozenset[Status]
    may: Callable[[WorkOrder, Staff, Policy], str | None]
    apply: Callable[[WorkOrder, C, Asked], Decided | Refusal]


def respond(work_order: WorkOrder, command: Respond, asked: Asked) -> Decided:
    """Answer; the first answer leads from opened to responded, also behind a pause (R-SLA-01)."""
    first = {"status": "responded"} if work_order.status == "opened" else {}
    if work_order.status == "paused" and work_order.before == "opened":
        first = {"before": "responded"}
    after = work_order.next(**first)
    event = WorkorderResponded(
        **after.told(asked.by, asked.now),
        audience=command.audience,
        by_department=asked.caller.department or asked.caller.role,
        text=command.text,
    )
    return Decided(after, (event,))


def resolve(work_order: WorkOrder, command: Resolve, asked: Asked) -> Decided | Refusal:
    """Record the result; it waits for the signature.

    Not before the customer is verified, where that is needed (R-IN-05). Whatever is not a success says why, and the
    reason stays on the work order.
    """
    if (refused := unverified(work_order) or unhanded(work_order, command, asked)) is not None:
        return refused
    reason = None if command.outcome == "resolved" else stated(command.text)
    if command.outcome != "resolved" and reason is None:
        return invalid("text", f"Why {work_order.number} is {command.outcome} is stated in words.")
    after = work_order.next(status="resolved", before=work_order.status, outcome=command.outcome, resolved_by=asked.by)
    event = WorkorderResolved(**after.told(asked.by, asked.now, reason), outcome=command.outcome, text=command.text)
    return Decided(after, (event,))


def sign(work_order: WorkOrder, command: Sign, asked: Asked) -> Decided | Refusal:
    """Approve the result, or return it to the department with a reason (R-RT-07)."""
    reason = stated(command.reason)
    if (refused := not_in_place(work_order, asked)) is not None:
        return refused
    if not command.approve:
        if reason is None:
            return invalid("reason", f"{work_order.number} is returned only with a reason.")
        back = work_order.next(status=work_order.before, before=None, outcome=None, resolved_by=None)
        return Decided(back, (WorkorderReturned(**back.told(asked.by, asked.now, reason)),))
    if work_order.resolved_by == asked.by:
        return own_result(work_order, asked)
    after = work_order.next(status="signed", before=None)
    event = WorkorderSigned(
        **after.told(asked.by, asked.now, reason), confirmation_required=work_order.confirmation_required
    )
    return Decided(after, (event,))


def not_in_place(work_order: WorkOrder, asked: Asked) -> Refusal | None:
    """Return the refusal of a signature in place of a supervisor who can sign it themselves (docs/adr/0016)."""
    free = signers(work_order, asked.matter, asked.policy)
    if asked.caller.role == "supervisor" or asked.by in free:
        return None
    if asked.by == work_order.resolved_by:
        return own_result(work_order, asked)
    return forbidden(f"Only a supervisor of {work_order.department} may sign {work_order.number}: {free[0]} is there.")


def own_result(work_order: WorkOrder, asked: Asked) -> Refusal:
    """Return the refusal of the signature of whoever recorded the result, with who may sign it."""
    others = " or ".join(signers(work_order, asked.matter, asked.policy)) or "Nobody else"
    return forbidden(
        f"Nobody signs their own result, and {asked.by} resolved {work_order.number}. "
        f"{others} may sign it, or it is returned and resolved by somebody else."
    )


def unhanded(work_order: WorkOrder, command: Resolve, asked: Asked) -> Refusal | None:
    """Return the refusal of a success that another department has to bring to its end (membership); None for others."""
    entry = asked.policy.categories.get(work_order.category)
    if entry is None or entry.hand_on in {None, work_order.department} or work_order.queue == "triage":
        return None  # in triage the category is only a suggestion yet
    if command.outcome != "resolved":
        return None
    return illegal(
        f"{work_order.number} has succeeded only when {entry.hand_on} is through with it: collect the material and "
        f"transfer it to {entry.hand_on}. A failure is recorded as unresolvable, with its reason."
    )


def confirm(work_order: WorkOrder, _command: Confirm, asked: Asked) -> Decided | Refusal:
    """Countersign a change that was checked."""
    if not work_order.confirmation_required:
        return illegal(f"{work_order.number} is signed and needs no confirmation; the callback comes next.")
    if work_order.resolved_by == asked.by:
        return forbidden(f"Nobody confirms their own result, and {asked.by} resolved {work_order.number}.")
    after = work_order.next(status="confirmed")
    return Decided(after, (WorkorderConfirmed(**after.told(asked.by, asked.now)),))


def reopen(work_order: WorkOrder, command: Reopen, asked: Asked) -> Decided:
    """Begin a new cycle on a person's word (R-SLA-11)."""
    return reopened(work_order, asked.by, asked.now, stated(command.reason))


def reopened(work_order: WorkOrder, by: str, at: datetime, reason: str | None) -> Decided:
    """Begin a new cycle in the same department, as if just opened."""
    after = work_order.next(status="opened", before=None, cycle=work_order.cycle + 1, outcome=None, resolved_by=None)
    event = WorkorderReopened(
        **after.told(by, at, reason), category=after.category, topic=after.topic, grade=after.grade
    )
    return Decided(after, (event,))


def cancel(work_order: WorkOrder, command: Cancel, asked: Asked) -> Decided | Refusal:
    """End the work order without a result."""
    reason = stated(command.reason)
    if reason is None:
        return invalid("reason", f"{work_order.number} is cancelled only with a reason.")
    after = work_order.next(status="cancelled", before=None)
    return Decided(after, (WorkorderCancelled(**after.told(asked.by, asked.now, reason)),))


def stated(reason: str | None) -> str | None:
    """Return the reason without blanks around it; None where nothing is said."""
    return reason.strip() or None if reason else None
