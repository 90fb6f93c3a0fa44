"""The desk for knowledge: search and review (contract, `yingda.command.knowledge.`)."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from services.feedback import store
from services.feedback.domain.knowledge import Review, review
from services.feedback.domain.permission import may_review
from services.feedback.domain.refusal import Refusal, not_staff
from services.feedback.domain.terms import entry_terms, terms
from services.feedback.handlers.problems import problem_of, unknown
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import Command, Problem
from shared.events.commands import ReviewKnowledge, SearchKnowledge
from shared.policy import Policy


class KnowledgeDesk:
    """Answers the commands about knowledge. A refusal is a problem, and nothing has changed then."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {SearchKnowledge: self.search, ReviewKnowledge: self.review}

    async def search(self, tx: Transaction, command: SearchKnowledge) -> Mapping[str, Any] | Problem:
        """Return {entries: [{entry_id, revision, category, problem, solution, score}]}, published ones, best first."""
        if self._policy.staff(command.by) is None:
            return problem_of(not_staff(command.by))
        hits = await store.search(tx.connection, terms(command.text), command.limit)
        return {"entries": [asdict(hit) for hit in hits]}

    async def review(self, tx: Transaction, command: ReviewKnowledge) -> Mapping[str, Any] | Problem:
        """Publish, edit, reject or retire an entry; returns {entry_id, revision, state} (R-FB-04)."""
        staff = self._policy.staff(command.by)
        if staff is None:
            return problem_of(not_staff(command.by))
        if (refusal := may_review(staff)) is not None:
            return problem_of(refusal)
        entry = await store.lock_entry(tx.connection, command.entry_id)
        if entry is None:
            return unknown("knowledge entry", "entry_id", command.entry_id)
        wish = Review(command.approve, command.problem, command.solution, command.reason)
        decision = review(entry, wish, staff.id, tx.now)
        if isinstance(decision, Refusal):
            return problem_of(decision)
        after = decision.entry
        await store.save_review(
            tx.connection,
            after,
            edited=decision.edited,
            found_by=entry_terms(after.problem, after.solution) if after.state == "published" else {},
            reason=command.reason,
            by=staff.id,
            now=tx.now,
        )
        tx.emit(decision.event, subject=after.id)
        return {"entry_id": after.id, "revision": after.revision, "state": after.state}
