"""Closed cases become knowledge: like ones are collected by one entry (R-FB-04)."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.feedback import store
from services.feedback.domain.similar import Known, Place, place
from services.feedback.domain.terms import terms
from shared.bus.transaction import Transaction
from shared.events import KnowledgeConfirmed, KnowledgeDrafted, Message
from shared.policy import Policy

SYSTEM = "system"


async def learn(
    tx: Transaction, policy: Policy, drafts: Sequence[store.Drafted], causes: Mapping[str, Message[Any] | str]
) -> None:
    """Put each case under the entry that it belongs to, or begin one with it; `causes` is by work order.

    A constant number of statements. What has been learned from already is left out.
    """
    if not drafts:
        return
    await store.lock_grouping(tx.connection)
    done = await store.learned(tx.connection, [one.entry_id for one in drafts])
    fresh = [one for one in drafts if one.entry_id not in done]
    if not fresh:
        return
    known = await store.candidates(tx.connection, [terms(one.draft.problem) for one in fresh])
    placed = _placed(fresh, known, policy.feedback.knowledge.similar_percent / 100)
    begun = [(one, where.like) for one, where in placed if where.joins is None]
    await store.insert_drafts(tx.connection, begun, SYSTEM, tx.now)
    homes = [(where.joins or one.entry_id, one) for one, where in placed]
    found = await store.add_cases(tx.connection, homes, tx.now)
    await store.add_likeness(
        tx.connection, ((entry_id, term) for entry_id, one in homes for term in terms(one.draft.problem))
    )
    for (entry_id, one), (_, where) in zip(homes, placed, strict=True):
        entry = found[entry_id]
        model = KnowledgeConfirmed if where.confirms else KnowledgeDrafted
        event = model(
            entry_id=entry_id,
            revision=entry.revision,
            category=entry.category,
            work_order_ids=tuple(entry.work_order_ids),
            by=SYSTEM,
            at=tx.now,
        )
        tx.emit(event, subject=entry_id, cause=causes[one.work_order_id])


def _placed(
    fresh: Sequence[store.Drafted], known: Mapping[str, Known], similar: float
) -> list[tuple[store.Drafted, Place]]:
    """Decide one case after the other, so that like ones of the same batch find one another, too."""
    entries = dict(known)
    placed = []
    for one in fresh:
        where = place(one.draft, list(entries.values()), similar)
        if where.joins is None:
            draft = one.draft
            entries[one.entry_id] = Known(one.entry_id, "draft", draft.category, (draft.problem,), draft.solution)
        placed.append((one, where))
    return placed
