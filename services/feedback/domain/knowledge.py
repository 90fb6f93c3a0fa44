"""A knowledge entry 知识条目: drafted from cases, published, edited and retired by a supervisor (R-FB-04).

draft → published or rejected; published → published (edited: a new revision) or retired; rejected and retired entries
can be published again. A revision is never changed: an edit makes the next one.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.feedback.domain.refusal import Refusal, conflict, invalid
from shared.events import KnowledgePublished, KnowledgeRetired

State = Literal["draft", "published", "rejected", "retired"]
STATES: tuple[State, ...] = ("draft", "published", "rejected", "retired")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry with the texts of its present revision."""

    id: str
    state: State
    revision: int
    category: str
    work_order_ids: tuple[str, ...]
    problem: str
    solution: str
    scenario: str = ""
    key_phrases: tuple[str, ...] = ()
    similar_to: str | None = None
    """The published entry that a draft resembles, though it was solved in another way."""


@dataclass(frozen=True, slots=True)
class Review:
    """What a supervisor decided. Texts are given where they are edited; a reason where the entry is taken out."""

    approve: bool
    problem: str | None = None
    solution: str | None = None
    reason: str | None = None
    scenario: str | None = None
    category: str | None = None
    key_phrases: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What the review led to; `edited` tells whether a new revision exists."""

    entry: Entry
    edited: bool
    event: KnowledgePublished | KnowledgeRetired


def review(entry: Entry, decision: Review, by: str, now: datetime) -> Reviewed | Refusal:
    """Decide what becomes of `entry`."""
    return _publish(entry, decision, by, now) if decision.approve else _take_out(entry, decision, by, now)


def _publish(entry: Entry, decision: Review, by: str, now: datetime) -> Reviewed | Refusal:
    for field, text in (("problem", decision.problem), ("solution", decision.solution)):
        if text is not None and not text.strip():
            return invalid(field, f"An entry has a {field}; leave the field out to keep the present text.")
    texts = replace(
        entry,
        problem=entry.problem if decision.problem is None else decision.problem.strip(),
        solution=entry.solution if decision.solution is None else decision.solution.strip(),
        scenario=entry.scenario if decision.scenario is None else decision.scenario.strip(),
        category=decision.category or entry.category,
        key_phrases=entry.key_phrases if decision.key_phrases is None else decision.key_phrases,
    )
    edited = texts != entry
    if entry.state == "published" and not edited:
        return conflict(f"Revision {entry.revision} of the entry is published already.")
    after = replace(texts, state="published", revision=entry.revision + edited)
    event = KnowledgePublished(
        entry_id=after.id,
        revision=after.revision,
        category=after.category,
        work_order_ids=after.work_order_ids,
        by=by,
        at=now,
    )
    return Reviewed(after, edited, event)


def _take_out(entry: Entry, decision: Review, by: str, now: datetime) -> Reviewed | Refusal:
    if not (decision.reason or "").strip():
        return invalid("reason", "An entry is taken out with a reason.")
    if entry.state in {"rejected", "retired"}:
        return conflict(f"The entry is {entry.state} already.")
    after = replace(entry, state="rejected" if entry.state == "draft" else "retired")
    event = KnowledgeRetired(
        entry_id=after.id,
        revision=after.revision,
        category=after.category,
        work_order_ids=after.work_order_ids,
        by=by,
        at=now,
    )
    return Reviewed(after, False, event)
