"""Who inside a department gets a work order (R-RT-08): what an assigner is asked, and what its answer comes to.

The house sees to it that nobody absent and nobody with as much as they may hold gets more, and that a work order never
waits for an assigner: whatever it says or raises, somebody has the work order, the supervisor in the last resort.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from services.routing.domain.workorder import OPEN, SYSTEM, WorkOrder
from shared.events import AssignmentWay, Grade, Presence, WorkorderAssigned
from shared.policy import Policy
from shared.values import frozen


@frozen
class Task:
    """What an assigner is told of a work order; nothing personal. `category` is only a suggestion in `triage`."""

    department: str
    queue: str
    category: str
    topic: str | None
    grade: Grade
    sensitive: bool
    tier: str | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody of the department who is at work and may hold more: `load` of `capacity` open work orders now.

    `skills` are the categories this person is good at. `turn` rises with every work order that the department gives
    out, whoever gets it: the candidate with the least has waited longest, 0 never had one.
    """

    id: str
    skills: frozenset[str]
    load: int
    capacity: int
    turn: int


class Chooses(Protocol):
    """An assigner as the rules see it (`ports.Assigner`)."""

    name: str

    def choose(self, task: Task, candidates: Sequence[Candidate]) -> str | None:
        """Return the id of one of `candidates`, or None where none of them suits."""


@dataclass(frozen=True, slots=True)
class Person:
    """How a member of staff is found: presence, and how many open work orders they hold."""

    presence: Presence = "available"
    load: int = 0


@dataclass(frozen=True, slots=True)
class Given:
    """Who gets a work order and by which way; `failure` is the kind of error where the assigner raised one."""

    assignee: str
    way: AssignmentWay
    failure: str | None = None


REASONS: Final[Mapping[AssignmentWay, str]] = {
    "to_supervisor": "此类事件由主管处理 (this category goes to the supervisor)",
    "absent": "本部门无人在岗 (nobody of the department is at work)",
    "full": "在岗人员均已满额 (everybody at work holds as much as they may)",
    "nobody": "没有合适的在岗人员 (the assigner found nobody who suits)",
    "failed": "自动分配失败 (the assigner failed)",
}
"""Why the supervisor has it, for the history and for the supervisor."""


def waits(work_order: WorkOrder, now: datetime) -> bool:
    """Return whether the work order still waits for its daily cut-off: it is nobody's before the hand-over (R-RT-03)."""
    return work_order.queue == "department" and work_order.cutoff_at is not None and now < work_order.cutoff_at


def wanting(work_order: WorkOrder, now: datetime) -> bool:
    """Return whether somebody has to get the work order: it is open, nobody has it, and it waits for no cut-off."""
    return work_order.assignee is None and work_order.status in OPEN and not waits(work_order, now)


def goes_to_supervisor(work_order: WorkOrder, policy: Policy) -> bool:
    """Return whether the category names the supervisor; in triage the category is only a suggestion yet."""
    entry = policy.categories.get(work_order.category)
    return work_order.queue == "department" and entry is not None and entry.to_supervisor


def task_of(work_order: WorkOrder) -> Task:
    """Return what an assigner is told of `work_order`."""
    return Task(
        department=work_order.department,
        queue=work_order.queue,
        category=work_order.category,
        topic=work_order.topic,
        grade=work_order.grade,
        sensitive=work_order.sensitive,
        tier=work_order.tier,
    )


def assigned(work_order: WorkOrder, given: Given, at: datetime) -> tuple[WorkOrder, WorkorderAssigned]:
    """Return the work order with its new assignee, and the event that tells of it."""
    after = work_order.next(assignee=given.assignee)
    told = after.told(SYSTEM, at, REASONS.get(given.way))
    return after, WorkorderAssigned(**told, assignee=given.assignee, way=given.way)
