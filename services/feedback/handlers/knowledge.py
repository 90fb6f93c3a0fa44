"""The desk for knowledge: search, suggestions, ratings, reading and review (contract, `yingda.command.knowledge.`)."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from services.feedback import store
from services.feedback.domain.knowledge import Review, review
from services.feedback.domain.permission import may_review
from services.feedback.domain.redact import redact
from services.feedback.domain.refusal import Refusal, conflict, invalid, not_staff
from services.feedback.domain.terms import entry_terms, terms
from services.feedback.handlers.problems import problem_of, unknown
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import Command, KnowledgeRated, Problem
from shared.events.commands import (
    GetKnowledge,
    ListKnowledge,
    RateKnowledge,
    ReviewKnowledge,
    SearchKnowledge,
    SuggestKnowledge,
)
from shared.policy import Policy


class KnowledgeDesk:
    """Answers the commands about knowledge. A refusal is a problem, and nothing has changed then."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._wanted = policy.feedback.knowledge

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {
            SearchKnowledge: self.search,
            SuggestKnowledge: self.suggest,
            RateKnowledge: self.rate,
            ListKnowledge: self.list,
            GetKnowledge: self.get,
            ReviewKnowledge: self.review,
        }

    async def search(self, tx: Transaction, command: SearchKnowledge) -> Mapping[str, Any] | Problem:
        """Return {entries: [{entry_id, revision, category, problem, solution, score, scenario, useful, useless}]}.

        Published ones only, the best first.
        """
        if self._policy.staff(command.by) is None:
            return problem_of(not_staff(command.by))
        hits = await store.search(tx.connection, terms(command.text), command.limit, self._ranking())
        return {"entries": [asdict(hit) for hit in hits]}

    async def suggest(self, tx: Transaction, command: SuggestKnowledge) -> Mapping[str, Any] | Problem:
        """Return {entries: […]} as `search` does, for what the customer of a work order wrote, or for a text.

        Entries of the work order's own category come further up. A work order whose contact has not arrived yet has
        no suggestions.
        """
        if self._policy.staff(command.by) is None:
            return problem_of(not_staff(command.by))
        if (command.work_order_id is None) == (command.text is None):
            return problem_of(invalid("work_order_id", "Give a work order or a text, and not both."))
        text, category = command.text, None
        if command.work_order_id is not None:
            matter = await store.matter_of(tx.connection, command.work_order_id)
            if matter is None:
                return unknown("work order", "work_order_id", command.work_order_id)
            text, category = matter.text, matter.category
        hits = await store.search(tx.connection, terms(text or ""), command.limit, self._ranking(category))
        return {"entries": [asdict(hit) for hit in hits]}

    async def rate(self, tx: Transaction, command: RateKnowledge) -> Mapping[str, Any] | Problem:
        """Count whether an entry helped; returns {entry_id, useful, useless}, the counts as they stand now."""
        if self._policy.staff(command.by) is None:
            return problem_of(not_staff(command.by))
        entry = await store.lock_entry(tx.connection, command.entry_id)
        if entry is None:
            return unknown("knowledge entry", "entry_id", command.entry_id)
        if entry.state != "published":
            return problem_of(conflict(f"Only a published entry is rated; this one is {entry.state}."))
        useful, useless = await store.save_rating(
            tx.connection, entry.id, command.by, command.work_order_id or "", useful=command.useful, now=tx.now
        )
        event = KnowledgeRated(
            entry_id=entry.id,
            work_order_id=command.work_order_id,
            useful=command.useful,
            useful_count=useful,
            useless_count=useless,
            by=command.by,
            at=tx.now,
        )
        tx.emit(event, subject=entry.id)
        return {"entry_id": entry.id, "useful": useful, "useless": useless}

    async def list(self, tx: Transaction, command: ListKnowledge) -> Mapping[str, Any] | Problem:
        """Return {entries: […]} of one state; drafts on which most cases rest come first."""
        if self._policy.staff(command.by) is None:
            return problem_of(not_staff(command.by))
        found = await store.list_entries(tx.connection, command.state, command.category, command.limit)
        return {"entries": found}

    async def get(self, tx: Transaction, command: GetKnowledge) -> Mapping[str, Any] | Problem:
        """Return {entry: {…, revisions, cases}}: every revision with who made it and when, every case in its words."""
        if self._policy.staff(command.by) is None:
            return problem_of(not_staff(command.by))
        found = await store.read_entry(tx.connection, command.entry_id)
        return {"entry": found} if found else unknown("knowledge entry", "entry_id", command.entry_id)

    async def review(self, tx: Transaction, command: ReviewKnowledge) -> Mapping[str, Any] | Problem:
        """Publish, edit, reject or retire an entry (R-FB-04).

        Returns {entry_id, revision, state}, and `personal_data_suspected` where an edited text looks as if it named
        somebody: the supervisor's words stay as they are, since a house's own address may be part of a solution.
        """
        staff = self._policy.staff(command.by)
        if staff is None:
            return problem_of(not_staff(command.by))
        if (refusal := may_review(staff) or self._no_category(command.category)) is not None:
            return problem_of(refusal)
        entry = await store.lock_entry(tx.connection, command.entry_id)
        if entry is None:
            return unknown("knowledge entry", "entry_id", command.entry_id)
        wish = Review(
            command.approve,
            command.problem,
            command.solution,
            command.reason,
            command.scenario,
            command.category,
            command.key_phrases,
        )
        decision = review(entry, wish, staff.id, tx.now)
        if isinstance(decision, Refusal):
            return problem_of(decision)
        after = decision.entry
        published = after.state == "published"
        await store.save_review(
            tx.connection,
            after,
            edited=decision.edited,
            found_by=entry_terms(after.problem, after.solution) if published else {},
            reason=command.reason,
            by=staff.id,
            now=tx.now,
        )
        if published:
            await store.add_likeness(tx.connection, ((after.id, term) for term in terms(after.problem)))
        tx.emit(decision.event, subject=after.id)
        result = {"entry_id": after.id, "revision": after.revision, "state": after.state}
        edited = [text for text in (command.problem, command.solution, command.scenario) if text]
        suspected = any(redact(text) != text for text in edited)
        return result | ({"personal_data_suspected": True} if suspected else {})

    def _no_category(self, name: str | None) -> Refusal | None:
        if name is None or name in self._policy.categories:
            return None
        return invalid("category", f"There is no category {name[:64]}.")

    def _ranking(self, category: str | None = None) -> store.Ranking:
        return store.Ranking(self._wanted.usefulness_percent / 100, category, self._wanted.same_category_percent / 100)
