"""The desk: the list of clocks, and their audited move onto the policy in force (R-SLA-12)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast, get_args

from services.sla.domain.clock import Decision
from services.sla.domain.policies import Policies
from services.sla.domain.rebase import Rebased, rebase_work_order
from services.sla.domain.renew import Rebase
from services.sla.handlers.watch import Watch
from services.sla.store import clocks as store
from services.sla.store import desk
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import Command, Fault, Problem, SlaRescheduled, refuse
from shared.events.commands import ListClocks, RebaseClocks
from shared.ids import new_id
from shared.policy import Metric, Staff
from shared.times import rfc3339

MOST: Final = 5_000
"""Work orders that one rebase moves at most; a larger one is narrowed by department, metric or work order."""
SHOWN: Final = 500
"""Moved clocks that a reply lists at most; the audit has all."""


class Desk:
    """Answers the commands of sla. A refusal is a problem, and nothing has changed then."""

    def __init__(self, policies: Policies, watch: Watch) -> None:
        self._policies = policies
        self._policy = policies.current
        self._watch = watch

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {ListClocks: self.list, RebaseClocks: self.rebase}

    async def list(self, tx: Transaction, command: ListClocks) -> Mapping[str, Any] | Problem:
        """Return {clocks: […]}, the earliest due first."""
        problem = self._unusable(command)
        if problem is not None:
            return problem
        return {"clocks": await desk.listed(tx.connection, command)}

    async def rebase(self, tx: Transaction, command: RebaseClocks) -> Mapping[str, Any] | Problem:
        """Move clocks; return {rebase_id, policy_version, dry_run, work_orders, clocks, moved: […]}."""
        problem = self._unusable(command)
        if problem is not None:
            return problem
        staff = self._policy.staff(command.by)
        if staff is None or staff.role == "agent":
            return _forbidden("Only the manager, a head or a supervisor may move deadlines.")
        department = _department(staff, command)
        if isinstance(department, Problem):
            return department
        subjects = await desk.open_subjects(tx.connection, department, command.work_order_id, MOST + 1)
        if len(subjects) > MOST:
            detail = f"More than {MOST} open work orders are concerned: name a department or a work order."
            return refuse(409, "too-many", "Too many work orders at once", detail)
        if command.work_order_id and not subjects:
            detail = f"{command.work_order_id[:64]} is no open work order of yours."
            return refuse(404, "unknown-work-order", "There is no such work order", detail)
        return await self._move(tx, command, [subject.id for subject in subjects], department)

    async def _move(
        self, tx: Transaction, command: RebaseClocks, ids: Sequence[str], department: str | None
    ) -> Mapping[str, Any]:
        subjects, clocks = await store.lock(tx.connection, dict.fromkeys(ids))
        version = self._policy.policy_version
        change = Rebase(command.by, command.reason.strip(), tx.now, version, self._policies.edition)
        metric = cast("Metric | None", command.metric)
        found: Sequence[Rebased] = [
            rebase_work_order(subject, clocks[key], metric, change, self._policy) for key, subject in subjects.items()
        ]
        decisions = [decision for one in found for decision in one.decisions]
        moved = [_moved(decision) for decision in decisions if decision.events]
        rebase_id = new_id()
        reply = {
            "rebase_id": None if command.dry_run else rebase_id,
            "policy_version": version,
            "dry_run": command.dry_run,
            "work_orders": len(found),
            "clocks": len(moved),
            "moved": moved[:SHOWN],
        }
        if command.dry_run:
            return reply
        changed = [one.subject for one in found if one.subject != subjects[one.subject.id]]
        await store.save_subjects(tx.connection, changed)
        await store.save_rebased(tx.connection, [decision.clock for decision in decisions])
        await desk.record_rebase(tx.connection, rebase_id, command, department, tx.now, version, len(found), moved)
        for decision in decisions:
            for event in decision.events:
                tx.emit(event, subject=decision.clock.id, cause=decision.clock.traceparent)
            if decision.clock.next_at is not None:
                self._watch.expect(decision.clock.id, decision.clock.next_at)
        return reply

    def _unusable(self, command: ListClocks | RebaseClocks) -> Problem | None:
        """Refuse strangers, and names that nothing has."""
        if self._policy.staff(command.by) is None:
            return refuse(
                403, "not-staff", "Only staff may give commands", f"{command.by[:64]} is not in the staff directory."
            )
        if command.metric is not None and command.metric not in get_args(Metric):
            return _invalid(
                "metric", f"No clock is called {command.metric[:64]}; there are {', '.join(get_args(Metric))}."
            )
        if command.department is not None and command.department not in self._policy.departments:
            return _invalid("department", f"There is no department {command.department[:64]}.")
        if isinstance(command, RebaseClocks) and not command.reason.strip():
            return _invalid("reason", "Deadlines are moved only with a reason.")
        return None


def _department(staff: Staff, command: RebaseClocks) -> str | Problem | None:
    """Return the department whose work orders may be moved, None for all: a supervisor or head moves their own."""
    if staff.role == "manager":
        return command.department
    if command.department not in {None, staff.department}:
        return _forbidden(f"{staff.id} may move the deadlines of {staff.department} only.")
    return staff.department


def _moved(decision: Decision) -> dict[str, Any]:
    event = next(event for event in decision.events if isinstance(event, SlaRescheduled))
    return {
        "clock_id": event.clock_id,
        "work_order_id": event.subject_id,
        "metric": event.metric,
        "cycle": event.cycle,
        "department": event.department,
        "previous_due_at": rfc3339(event.previous_due_at),
        "due_at": rfc3339(event.due_at),
    }


def _forbidden(detail: str) -> Problem:
    return refuse(403, "forbidden", "This is not yours to do", detail)


def _invalid(field: str, detail: str) -> Problem:
    return refuse(422, "invalid-content", "The command's content cannot be used", detail, (Fault(field, detail),))
