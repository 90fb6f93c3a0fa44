"""The rota of one transaction: it gives out work order after work order, and remembers who has got how many (R-RT-08)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from services.routing.domain.assignment import Candidate, Chooses, Given, Person, goes_to_supervisor, task_of
from services.routing.domain.workorder import WorkOrder
from shared.events import AssignmentWay
from shared.policy import Policy, Staff

Turns = dict[str, int]
"""Who of a department got the how-manieth work order last."""

_NOBODY = Person()


def supervisors_of(policy: Policy, department: str) -> tuple[Staff, ...]:
    """Return the supervisors of a department in the directory's order; of several the one on duty is meant (section 3)."""
    return tuple(one for one in policy.members(department) if one.role == "supervisor")


class Rota:
    """Gives work orders to people, one after the other.

    What is for the supervisor goes to the first of them who is not off work; where all are, it waits with the first.

    `turns` are the departments' own, and `people` how everybody is found now; who is missing there is at work and
    holds nothing. The caller holds the departments' locks, so that no replica gives out work beside this one.
    """

    def __init__(
        self,
        policy: Policy,
        assigners: Mapping[str, Chooses],
        turns: Mapping[str, Turns],
        people: Mapping[str, Person],
    ) -> None:
        self._policy = policy
        self._assigners = assigners
        self._turns = {department: dict(served) for department, served in turns.items()}
        self._people = people
        self._agents: dict[str, dict[str, Candidate]] = {}
        self._changed: set[str] = set()

    @property
    def changed(self) -> Mapping[str, Turns]:
        """The turns of the departments whose agents got something."""
        return {department: self._turns[department] for department in self._changed}

    def give(self, work_order: WorkOrder, unfit: Collection[str] = ()) -> Given:
        """Return who gets `work_order`; never one of `unfit`, whom it concerns themselves."""
        if goes_to_supervisor(work_order, self._policy):
            return self._to_supervisor(work_order, "to_supervisor", unfit)
        agents = self._at_work(work_order.department)
        there = [one for one in agents.values() if one.id not in unfit] if unfit else list(agents.values())
        if not there:
            return self._to_supervisor(work_order, "absent", unfit)
        free = [one for one in there if one.load < one.capacity]
        if not free:
            return self._to_supervisor(work_order, "full", unfit)
        return self._chosen(work_order, agents, free, unfit)

    def stays(self, work_order: WorkOrder) -> bool:
        """Return whether the assignee can go on: still of this department, and not off work."""
        staff = self._policy.staff(work_order.assignee) if work_order.assignee else None
        if staff is None or staff.department != work_order.department:
            return False
        return self._people.get(staff.id, _NOBODY).presence != "off"

    def _chosen(
        self, work_order: WorkOrder, agents: dict[str, Candidate], free: Sequence[Candidate], unfit: Collection[str]
    ) -> Given:
        assigner = self._assigners[work_order.department]
        try:
            chosen = assigner.choose(task_of(work_order), free)
        except Exception as error:  # noqa: BLE001 (a stranger's plugin may raise anything; the work order must go on)
            return self._to_supervisor(work_order, "failed", unfit, type(error).__name__)
        if chosen is None:
            return self._to_supervisor(work_order, "nobody", unfit)
        found = next((one for one in free if one.id == chosen), None)
        if found is None:
            return self._to_supervisor(work_order, "failed", unfit, "NotACandidate")
        turns = self._turns.setdefault(work_order.department, {})
        turns[found.id] = 1 + max(turns.values(), default=0)
        self._changed.add(work_order.department)
        agents[found.id] = replace(found, load=found.load + 1, turn=turns[found.id])
        return Given(found.id, "assigner")

    def _to_supervisor(
        self, work_order: WorkOrder, way: AssignmentWay, unfit: Collection[str], failure: str | None = None
    ) -> Given:
        known = work_order.department in self._policy.departments
        department = work_order.department if known else self._policy.service.id
        supervisors = sorted(supervisors_of(self._policy, department), key=self._gone)
        above = (*supervisors, self._policy.head_of(department), self._policy.manager)
        fit = next((one for one in above if one.id not in unfit), above[-1])
        return Given(fit.id, way, failure)

    def _gone(self, staff: Staff) -> bool:
        return self._people.get(staff.id, _NOBODY).presence == "off"

    def _at_work(self, department: str) -> dict[str, Candidate]:
        if department not in self._agents:
            turns = self._turns.get(department, {})
            self._agents[department] = {
                one.id: self._candidate(one, turns.get(one.id, 0))
                for one in self._policy.members(department)
                if one.role == "agent" and self._people.get(one.id, _NOBODY).presence == "available"
            }
        return self._agents[department]

    def _candidate(self, staff: Staff, turn: int) -> Candidate:
        own = staff.capacity
        return Candidate(
            id=staff.id,
            skills=frozenset(staff.skills),
            load=self._people.get(staff.id, _NOBODY).load,
            capacity=self._policy.routing.assignment.capacity if own is None else own,
            turn=turn,
        )
