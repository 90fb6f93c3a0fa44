"""Knowledge entries, their revisions and cases, and the terms under which they are found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ARRAY, Text, any_, bindparam, delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.feedback.domain.drafting import Draft
from services.feedback.domain.knowledge import Entry
from services.feedback.domain.similar import Known
from services.feedback.store.knowledge_tables import knowledge_cases, likeness
from services.feedback.store.tables import entries, revisions, terms
from shared.db import insert_rows, update_rows

_COLUMNS: Final = tuple(entries.c[field.name] for field in fields(Entry))
_REVISED: Final = ("revision", "category", "key_phrases", "scenario", "problem", "solution")
_CANDIDATES: Final = 5
_CASES: Final = 20
"""Of each candidate's cases, the latest that a new one is compared with."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """What one case teaches; `entry_id` is the id of the case, and of the entry where it begins one of its own."""

    entry_id: str
    work_order_id: str
    draft: Draft


async def lock_grouping(connection: AsyncConnection) -> None:
    """Group cases one transaction after the other: two like ones at once would each begin an entry."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(20231015004)"))


async def learned(connection: AsyncConnection, case_ids: Sequence[str]) -> set[str]:
    """Return which of the cases have been learned from already."""
    query = select(knowledge_cases.c.id).where(knowledge_cases.c.id == any_(bindparam("ids", type_=ARRAY(Text))))
    return {row.id for row in await connection.execute(query, {"ids": list(case_ids)})}


async def candidates(connection: AsyncConnection, asked: Sequence[Iterable[str]]) -> dict[str, Known]:
    """Return the drafts and published entries that share most terms with any of `asked`, locked until the commit."""
    pairs = [(place, term) for place, one in enumerate(asked) for term in one]
    given = {
        "places": [place for place, _ in pairs],
        "terms": [term for _, term in pairs],
        "candidates": _CANDIDATES,
        "cases": _CASES,
    }
    return {
        row.id: Known(row.id, row.state, row.category, (row.problem, *row.problems), row.solution)
        for row in await connection.execute(_CANDIDATE_ENTRIES, given)
    }


async def insert_drafts(
    connection: AsyncConnection, drafts: Sequence[tuple[Drafted, str | None]], by: str, now: datetime
) -> None:
    """Write drafts as entries of revision 1, each with the published entry that it resembles, if any."""
    rows: list[dict[str, Any]] = [
        {
            "id": drafted.entry_id,
            "state": "draft",
            "revision": 1,
            "category": drafted.draft.category,
            "work_order_ids": [drafted.work_order_id],
            "key_phrases": drafted.draft.key_phrases,
            "scenario": drafted.draft.scenario,
            "problem": drafted.draft.problem,
            "solution": drafted.draft.solution,
            "similar_to": like,
            "useful": 0,
            "useless": 0,
            "length": 0.0,
            "reason": None,
            "drafted_at": now,
            "changed_at": now,
        }
        for drafted, like in drafts
    ]
    await insert_rows(connection, entries, rows)
    await _insert_revisions(connection, rows, by, now)


async def add_cases(
    connection: AsyncConnection, joined: Sequence[tuple[str, Drafted]], now: datetime
) -> dict[str, Any]:
    """Put cases under entries, (entry id, case) each; return state, revision and work orders of these entries by id."""
    rows = [
        {
            "id": drafted.entry_id,
            "entry_id": entry_id,
            "work_order_id": drafted.work_order_id,
            "problem": drafted.draft.problem,
            "solution": drafted.draft.solution,
            "at": now,
        }
        for entry_id, drafted in joined
    ]
    await insert_rows(connection, knowledge_cases, rows)
    ids = sorted({entry_id for entry_id, _ in joined})
    return {row.id: row for row in await connection.execute(_COLLECT, {"ids": ids})}


async def add_likeness(connection: AsyncConnection, found_by: Iterable[tuple[str, str]]) -> None:
    """Let entries be found as like by further terms, (entry id, term) each."""
    rows = [{"term": term, "entry_id": entry_id} for entry_id, term in sorted(set(found_by))]
    await insert_rows(connection, likeness, rows, ignore_conflicts=True)


async def lock_entry(connection: AsyncConnection, entry_id: str) -> Entry | None:
    """Return the entry; it stays locked until the commit."""
    query = select(*_COLUMNS).where(entries.c.id == entry_id).with_for_update()
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)  # noqa: SLF001 (public name)
    lists = {name: tuple(values[name]) for name in ("work_order_ids", "key_phrases")}
    return Entry(**values | lists)


async def save_review(
    connection: AsyncConnection,
    entry: Entry,
    *,
    edited: bool,
    found_by: dict[str, float],
    reason: str | None,
    by: str,
    now: datetime,
) -> None:
    """Write a reviewed entry, a new revision where it was edited, and the terms `found_by` which it can be found."""
    row: dict[str, Any] = {
        "id": entry.id,
        "state": entry.state,
        "revision": entry.revision,
        "category": entry.category,
        "key_phrases": entry.key_phrases,
        "scenario": entry.scenario,
        "problem": entry.problem,
        "solution": entry.solution,
        "length": sum(found_by.values()),
        "reason": reason,
        "changed_at": now,
    }
    await update_rows(connection, entries, [row])
    if edited:
        await _insert_revisions(connection, [row], by, now)
    await connection.execute(delete(terms).where(terms.c.entry_id == entry.id))
    await insert_rows(
        connection, terms, [{"term": term, "entry_id": entry.id, "weight": w} for term, w in found_by.items()]
    )
    if entry.state != "published":
        await connection.execute(delete(likeness).where(likeness.c.entry_id == entry.id))


async def entry_counts(connection: AsyncConnection) -> dict[str, int]:
    """Return how many entries there are, by state."""
    query = select(entries.c.state, func.count()).group_by(entries.c.state)
    return {row[0]: row[1] for row in await connection.execute(query)}


async def _insert_revisions(
    connection: AsyncConnection, rows: Sequence[dict[str, Any]], by: str, now: datetime
) -> None:
    made = [
        {"entry_id": row["id"], **{name: row[name] for name in _REVISED}, "reason": row["reason"], "by": by, "at": now}
        for row in rows
    ]
    await insert_rows(connection, revisions, made)


_CANDIDATE_ENTRIES: Final = text(f"""
WITH shared AS (
  SELECT asked.place, entry_id, row_number() OVER (PARTITION BY asked.place ORDER BY count(*) DESC, entry_id) AS rank
  FROM unnest(CAST(:places AS integer[]), CAST(:terms AS text[])) AS asked(place, term)
  JOIN {likeness.fullname} USING (term) GROUP BY asked.place, entry_id
)
SELECT id, state, category, problem, solution, ARRAY(
  SELECT told.problem FROM {knowledge_cases.fullname} AS told WHERE told.entry_id = entry.id
  ORDER BY told.at DESC LIMIT :cases
) AS problems
FROM {entries.fullname} AS entry
WHERE id IN (SELECT entry_id FROM shared WHERE rank <= :candidates) AND state IN ('draft', 'published')
ORDER BY id FOR UPDATE OF entry
""")

_COLLECT: Final = text(f"""
UPDATE {entries.fullname} AS entry SET work_order_ids = collected.ids FROM (
  SELECT entry_id, jsonb_agg(work_order_id ORDER BY began, work_order_id) AS ids FROM (
    SELECT entry_id, work_order_id, min(at) AS began FROM {knowledge_cases.fullname}
    WHERE entry_id = ANY(CAST(:ids AS text[])) GROUP BY 1, 2
  ) AS told GROUP BY entry_id
) AS collected
WHERE entry.id = collected.entry_id RETURNING entry.id, entry.state, entry.revision, entry.category, entry.work_order_ids
""")
