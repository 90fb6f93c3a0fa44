"""Knowledge entries, their revisions and the terms under which they are found."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.feedback.domain.drafting import Draft
from services.feedback.domain.knowledge import Entry
from services.feedback.store.tables import entries, revisions, terms
from shared.db import insert_rows, update_rows

_COLUMNS: Final = tuple(entries.c[field.name] for field in fields(Entry))


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft that becomes an entry, resting on one work order."""

    entry_id: str
    work_order_id: str
    draft: Draft


async def insert_drafts(connection: AsyncConnection, drafts: Sequence[Drafted], by: str, now: datetime) -> set[str]:
    """Write drafts as entries of revision 1 and return the ids of those that were not there yet."""
    rows: list[dict[str, Any]] = [
        {
            "id": drafted.entry_id,
            "state": "draft",
            "revision": 1,
            "category": drafted.draft.category,
            "work_order_ids": [drafted.work_order_id],
            "key_phrases": drafted.draft.key_phrases,
            "problem": drafted.draft.problem,
            "solution": drafted.draft.solution,
            "length": 0.0,
            "reason": None,
            "drafted_at": now,
            "changed_at": now,
        }
        for drafted in drafts
    ]
    written = await insert_rows(connection, entries, rows, ignore_conflicts=True, returning=("id",))
    fresh = {row.id for row in written}
    await _insert_revisions(connection, [row for row in rows if row["id"] in fresh], by, now)
    return fresh


async def lock_entry(connection: AsyncConnection, entry_id: str) -> Entry | None:
    """Return the entry; it stays locked until the commit."""
    query = select(*_COLUMNS).where(entries.c.id == entry_id).with_for_update()
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)  # noqa: SLF001 (public name)
    return Entry(**values | {"work_order_ids": tuple(values["work_order_ids"])})


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
    row = {
        "id": entry.id,
        "state": entry.state,
        "revision": entry.revision,
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


async def entry_counts(connection: AsyncConnection) -> dict[str, int]:
    """Return how many entries there are, by state."""
    query = select(entries.c.state, func.count()).group_by(entries.c.state)
    return {row[0]: row[1] for row in await connection.execute(query)}


async def _insert_revisions(
    connection: AsyncConnection, rows: Sequence[dict[str, Any]], by: str, now: datetime
) -> None:
    made = [
        {
            "entry_id": row["id"],
            "revision": row["revision"],
            "problem": row["problem"],
            "solution": row["solution"],
            "by": by,
            "at": now,
        }
        for row in rows
    ]
    await insert_rows(connection, revisions, made)
