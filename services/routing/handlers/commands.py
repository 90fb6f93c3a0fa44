"""The desk: one command on one work order, or the reading of one with its history (contract, "Commands")."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from services.routing import store
from services.routing.domain.concerned import about_staff
from services.routing.domain.lifecycle import LIFECYCLE, decide
from services.routing.domain.linking import linked_by_system
from services.routing.domain.matter import Matter
from services.routing.domain.workorder import Decided, Refusal, WorkOrder
from services.routing.handlers.distribution import Distribution, emit_steps
from services.routing.handlers.links import Linker
from services.routing.handlers.problems import problem_of
from services.routing.handlers.replies import summary, unknown, unreadable
from services.routing.handlers.telling import told_beside
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import Command, Fault, Problem, refuse
from shared.events.commands import Assign, Classify, Deliver, GetWorkorder, Reopen, Transfer, WorkorderCommand
from shared.policy import Policy
from shared.values import replace

_MOVING: Final = (Classify, Transfer, Reopen)
"""Commands after which the work order may be in other hands, or want some."""


class Desk:
    """Answers the commands of routing. A refusal is a problem, and nothing has changed then.

    `expect` is told when something new waits for a cut-off.
    """

    def __init__(self, policy: Policy, distribution: Distribution, expect: Callable[[datetime], None]) -> None:
        self._policy = policy
        self._distribution = distribution
        self._linker = Linker(policy)
        self._expect = expect

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {**dict.fromkeys(LIFECYCLE, self.step), GetWorkorder: self.get}

    async def step(self, tx: Transaction, command: WorkorderCommand) -> Mapping[str, Any] | Problem:
        """Take one step of a work order; the row stays locked until the commit, so steps never overlap."""
        if (refused := unreadable(command, self._policy)) is not None:
            return refused
        pair = await self._same_matter(tx, command) if isinstance(command, Classify) else None
        found = await store.load(tx.connection, [command.work_order_id, *(pair[:1] if pair else ())])
        before = found.get(command.work_order_id)
        if before is None:
            return unknown("work_order_id", command.work_order_id)
        known = await self._known(tx, before, command)
        decision = decide(before, command, self._policy, tx.now, **known)
        if isinstance(decision, Refusal):
            return problem_of(decision)
        if isinstance(command, _MOVING):
            decision = await self._settled(tx, decision, known.get("matter"))
        if pair and (other := found.get(pair[0])) is not None:
            linked = linked_by_system(decision.work_order, other, tx.now, pair[1])
            decision = decision if linked is None else linked.after(decision.events)
        if isinstance(command, Classify) and decision.work_order.cutoff_at is not None:
            self._expect(decision.work_order.cutoff_at)
        for one in (decision, decision.beside):
            if one is not None:
                await store.save(tx.connection, [one.work_order], one.events, tx.now)
                emit_steps(tx, one)
        return summary(decision.work_order)

    async def _same_matter(self, tx: Transaction, command: Classify) -> tuple[str, str] | None:
        """Return the open work order that is about the same matter once `command` is done, and why (R-IN-06).

        It is looked for before anything is locked, so that both are locked in one order.
        """
        found = await store.find(tx.connection, "work_order_id", command.work_order_id)
        matter = await store.matter(tx.connection, command.work_order_id)
        if found is None or matter is None:
            return None
        then = replace(found[0], category=command.category, topic=command.topic, queue="department")
        return await self._linker.partner(tx, then, matter)

    async def _known(self, tx: Transaction, before: WorkOrder, command: WorkorderCommand) -> dict[str, Any]:
        """Return what the rules have to know for `command` besides the work order itself."""
        known: dict[str, Any] = {}
        if isinstance(command, _MOVING) or about_staff(before, self._policy):
            known["matter"] = await store.matter(tx.connection, before.id)
        if isinstance(command, Deliver):
            return known | {"collaboration": await store.collaboration(tx.connection, command.collaboration_id)}
        if isinstance(command, Assign):
            await store.lock_rotas(tx.connection, [before.department])  # nobody else gives work out meanwhile
            found = await store.seen(tx.connection, [command.assignee])
            return known | {"presence": {agent: seen.state for agent, seen in found.items()}}
        return known

    async def _settled(self, tx: Transaction, decided: Decided, matter: Matter | None) -> Decided:
        """Return the decision with a new assignee where the work order needs one now (R-RT-08)."""
        work_order = decided.work_order
        matters = {} if matter is None else {work_order.id: matter}
        given = (await self._distribution.settle(tx, [work_order], matters)).get(work_order.id)
        return decided if given is None else Decided(given.work_order, (*decided.events, *given.events))

    async def get(self, tx: Transaction, command: GetWorkorder) -> Mapping[str, Any] | Problem:
        """Return the work order with that id or number, or of that contact: `{work_order, steps, collaborations, promises}` and more.

        `work_order.text` is the customer's; what else there is, `told_beside` says.
        """
        if (refused := unreadable(command, self._policy)) is not None:
            return refused
        named: dict[store.Key, str | None] = {
            "work_order_id": command.work_order_id,
            "number": command.number,
            "contact_id": command.contact_id,
        }
        field = next((name for name, value in named.items() if value), None)
        if field is None:
            faults = (Fault("work_order_id", "one of work_order_id, number and contact_id is required"),)
            return refuse(422, "invalid-content", "The command's content cannot be used", faults[0].message, faults)
        found = await store.find(tx.connection, field, named[field] or "")
        if found is None:
            return unknown(field, named[field] or "")
        work_order, history = found
        matter = await store.matter(tx.connection, work_order.id)
        told = asdict(work_order) | summary(work_order) | {"text": matter.text if matter else None}
        return {
            "work_order": told,
            "steps": [dict(row._mapping) for row in history],  # noqa: SLF001 (public name)
            "collaborations": [asdict(one) for one in await store.collaborations_of(tx.connection, work_order.id)],
            "promises": await store.promises_of(tx.connection, work_order.id),
            **await told_beside(tx, work_order, self._policy),
        }
