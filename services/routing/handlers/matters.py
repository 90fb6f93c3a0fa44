"""The desk of the matters: who the customer is, what belongs together, and how it is found again."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from services.routing import store
from services.routing.domain.concerned import about_staff
from services.routing.domain.identity import Fingerprints, Identity
from services.routing.domain.lifecycle import decide
from services.routing.domain.tags import written
from services.routing.domain.verification import WRONG_ANSWER
from services.routing.domain.workorder import Queue, Refusal, WorkOrder, invalid
from services.routing.handlers.distribution import emit_steps
from services.routing.handlers.problems import problem_of
from services.routing.handlers.replies import summary, unknown, unreadable
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import Command, Problem, Status
from shared.events.commands import Link, ListWorkorders, Merge, VerifyContact
from shared.policy import Policy

_CLOSED_SETS: Final = {"status": get_args(Status), "queue": get_args(Queue)}


class MatterDesk:
    """Answers commands that need more than one work order. A refusal is a problem, and nothing has changed then."""

    def __init__(self, policy: Policy, fingerprints: Fingerprints) -> None:
        self._policy = policy
        self._fingerprints = fingerprints

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {VerifyContact: self.verify, Link: self.link, Merge: self.merge, ListWorkorders: self.list_them}

    async def verify(self, tx: Transaction, command: VerifyContact) -> Mapping[str, Any] | Problem:
        """Compare the customer's answers with what is known (R-IN-05).

        A wrong one changes nothing of the work order; that it was given is written down, and counts.
        """
        if (refused := unreadable(command, self._policy)) is not None:
            return refused
        work_order = (await store.load(tx.connection, [command.work_order_id])).get(command.work_order_id)
        if work_order is None:
            return unknown("work_order_id", command.work_order_id)
        decision = decide(work_order, command, self._policy, tx.now, identity=await self._identity(tx, work_order))
        if isinstance(decision, Refusal):
            if decision.kind == WRONG_ANSWER:
                await store.record_wrong_answer(
                    tx.connection,
                    customer_id=work_order.customer_id,
                    work_order_id=work_order.id,
                    by=command.by,
                    at=tx.now,
                )
            return problem_of(decision)
        await store.save(tx.connection, [decision.work_order], decision.events, tx.now)
        emit_steps(tx, decision)
        return summary(decision.work_order) | {"verified": True}

    async def link(self, tx: Transaction, command: Link) -> Mapping[str, Any] | Problem:
        """Link two work orders, both known of each other afterwards (R-IN-06)."""
        return await self._both(tx, command, "other_work_order_id", command.other_work_order_id)

    async def merge(self, tx: Transaction, command: Merge) -> Mapping[str, Any] | Problem:
        """End one work order in favour of another (R-RT-06)."""
        return await self._both(tx, command, "into_work_order_id", command.into_work_order_id)

    async def list_them(self, tx: Transaction, command: ListWorkorders) -> Mapping[str, Any] | Problem:
        """Return {work_orders, more}: the newest first; `more` where the limit left some out."""
        if (refused := unreadable(command, self._policy)) is not None:
            return refused
        for name, values in _CLOSED_SETS.items():
            if (value := getattr(command, name)) is not None and value not in values:
                return problem_of(invalid(name, f"{value[:64]} is no {name}; there are: {', '.join(values)}."))
        wanted = command.model_copy(update={"tag": None if command.tag is None else written(command.tag)})
        rows = await store.listed(tx.connection, wanted, command.limit + 1)
        found = [_listed(dict(row._mapping)) for row in rows[: command.limit]]  # noqa: SLF001 (public name)
        return {"work_orders": found, "more": len(rows) > command.limit}

    async def _both(
        self, tx: Transaction, command: Link | Merge, field: str, other_id: str
    ) -> Mapping[str, Any] | Problem:
        """Take a step that concerns two work orders; both stay locked until the commit."""
        if (refused := unreadable(command, self._policy)) is not None:
            return refused
        found = await store.load(tx.connection, [command.work_order_id, other_id])
        before, other = found.get(command.work_order_id), found.get(other_id)
        if before is None:
            return unknown("work_order_id", command.work_order_id)
        if other is None:
            return unknown(field, other_id)
        judging = about_staff(before, self._policy)
        matter = await store.matter(tx.connection, before.id) if judging else None
        decision = decide(before, command, self._policy, tx.now, matter, other=other)
        if isinstance(decision, Refusal):
            return problem_of(decision)
        both = [decision] if decision.beside is None else [decision, decision.beside]
        changed = [one.work_order for one in both]
        await store.save(tx.connection, changed, [event for one in both for event in one.events], tx.now)
        for one in both:
            emit_steps(tx, one)
        return summary(decision.work_order) | {"links": list(decision.work_order.links)}

    async def _identity(self, tx: Transaction, work_order: WorkOrder) -> Identity:
        since = tx.now - self._policy.routing.verification.within.timedelta
        return Identity(
            self._fingerprints,
            await store.known_of(tx.connection, work_order.customer_id),
            await store.wrong_answers_since(tx.connection, work_order.customer_id, since),
        )


def _listed(row: dict[str, Any]) -> dict[str, Any]:
    reasons, verified = row.pop("verification_reasons"), row.pop("verified")
    return {"work_order_id": row.pop("id")} | row | {"verification_required": bool(reasons), "verified": verified}
