"""Giving out work inside the departments, in the transaction that calls for it (R-RT-08)."""

from collections.abc import Iterable, Mapping, Sequence

import structlog

from services.routing import store
from services.routing.domain.assignment import Given, Person, assigned, goes_to_supervisor, wanting
from services.routing.domain.concerned import concerned
from services.routing.domain.matter import Matter
from services.routing.domain.rota import Rota, supervisors_of
from services.routing.domain.workorder import Decided, WorkOrder
from services.routing.ports import Assigner
from shared.bus.transaction import Transaction
from shared.policy import Policy

log = structlog.get_logger()


def emit_steps(tx: Transaction, decided: Decided) -> None:
    """Send the steps of a work order, on the trace of its contact."""
    for event in decided.events:
        tx.emit(event, subject=decided.work_order.id, cause=decided.work_order.traceparent)


class Distribution:
    """Gives work orders to people by the policy's assigners; `assigners` has one for every department."""

    def __init__(self, policy: Policy, assigners: Mapping[str, Assigner]) -> None:
        self._policy = policy
        self._assigners = assigners

    async def settle(
        self, tx: Transaction, work_orders: Sequence[WorkOrder], matters: Mapping[str, Matter] | None = None
    ) -> dict[str, Decided]:
        """Return, by id, those of `work_orders` that got an assignee, each with the event that tells of it.

        Looked at are those that want one, and those whose assignee has left the department or is off work. What a
        customer wrote, in `matters`, keeps a complaint about a member of staff from that person. Three statements
        however many work orders; the caller writes what it gets, and locks nothing more afterwards.
        """
        looked_at = [one for one in work_orders if one.assignee is not None or wanting(one, tx.now)]
        rota = await self._rota(tx, looked_at)
        settled: dict[str, Decided] = {}
        for work_order in looked_at:
            if work_order.assignee is not None and rota.stays(work_order):
                continue
            given = rota.give(work_order, concerned(work_order, (matters or {}).get(work_order.id), self._policy))
            if given.failure:
                self._tell(work_order, given)
            after, event = assigned(work_order, given, tx.now)
            settled[work_order.id] = Decided(after, (event,))
        await store.save_turns(tx.connection, rota.changed)
        return settled

    async def _rota(self, tx: Transaction, looked_at: Sequence[WorkOrder]) -> Rota:
        on_duty = await self._on_duty(tx, {one.department for one in looked_at})
        by_turn = [one for one in looked_at if one.assignee is not None or not goes_to_supervisor(one, self._policy)]
        if not by_turn:
            return Rota(self._policy, self._assigners, {}, on_duty)
        departments = {one.department for one in by_turn}
        turns = await store.lock_rotas(tx.connection, departments)
        members = (one for department in departments for one in self._policy.members(department))
        ids = {one.id for one in members if one.role == "agent"}  # a supervisor may hold thousands, and nobody counts
        ids.update(one.assignee for one in by_turn if one.assignee is not None)
        return Rota(self._policy, self._assigners, turns, on_duty | await store.people(tx.connection, ids))

    async def _on_duty(self, tx: Transaction, departments: Iterable[str]) -> dict[str, Person]:
        """Return how the supervisors are found in departments that have several: the one on duty is meant."""
        known = [department for department in departments if department in self._policy.departments]
        teams = [supervisors_of(self._policy, department) for department in known]
        ids = [one.id for team in teams if len(team) > 1 for one in team]
        found = await store.seen(tx.connection, ids) if ids else {}
        return {agent_id: Person(seen.state) for agent_id, seen in found.items()}

    def _tell(self, work_order: WorkOrder, given: Given) -> None:
        name = self._assigners[work_order.department].name
        log.warning("assigner failed", assigner=name, number=work_order.number, error=given.failure, to=given.assignee)
