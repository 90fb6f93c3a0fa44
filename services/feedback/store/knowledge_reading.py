"""Entries as their readers and reviewers see them, and what staff thought of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.feedback.store.knowledge_tables import knowledge_cases, ratings
from services.feedback.store.tables import cases, customers, entries, revisions
from shared.db import insert_rows
from shared.times import rfc3339

_SHOWN: Final = (
    entries.c.id.label("entry_id"),
    *(
        entries.c[name]
        for name in (
            "state",
            "revision",
            "category",
            "scenario",
            "problem",
            "solution",
            "key_phrases",
            "work_order_ids",
            "similar_to",
            "useful",
            "useless",
            "reason",
            "drafted_at",
            "changed_at",
        )
    ),
)


@dataclass(frozen=True, slots=True)
class Matter:
    """What a work order is about; `text` is None where its contact has not arrived yet."""

    category: str
    text: str | None


async def matter_of(connection: AsyncConnection, work_order_id: str) -> Matter | None:
    """Return what the work order is about, None where it is unknown."""
    query = (
        select(cases.c.category, customers.c.text)
        .select_from(cases)
        .outerjoin(customers, customers.c.contact_id == cases.c.contact_id)
        .where(cases.c.work_order_id == work_order_id)
    )
    row = (await connection.execute(query)).one_or_none()
    return Matter(row[0], row[1]) if row is not None else None


async def list_entries(
    connection: AsyncConnection, state: str, category: str | None, limit: int
) -> Sequence[Mapping[str, Any]]:
    """Return entries: drafts on which most cases rest first, others as they were changed last."""
    query = select(*_SHOWN).where(entries.c.state == state)
    if category is not None:
        query = query.where(entries.c.category == category)
    if state == "draft":
        query = query.order_by(func.jsonb_array_length(entries.c.work_order_ids).desc(), entries.c.drafted_at)
    else:
        query = query.order_by(entries.c.changed_at.desc())
    return [_plain(row) for row in (await connection.execute(query.order_by(entries.c.id).limit(limit))).mappings()]


async def read_entry(connection: AsyncConnection, entry_id: str) -> dict[str, Any] | None:
    """Return one entry with its `revisions` and `cases`, oldest first."""
    found = (await connection.execute(select(*_SHOWN).where(entries.c.id == entry_id))).mappings().one_or_none()
    if found is None:
        return None
    made = select(revisions).where(revisions.c.entry_id == entry_id).order_by(revisions.c.revision)
    told = (
        select(
            knowledge_cases.c.work_order_id, knowledge_cases.c.problem, knowledge_cases.c.solution, knowledge_cases.c.at
        )
        .where(knowledge_cases.c.entry_id == entry_id)
        .order_by(knowledge_cases.c.at, knowledge_cases.c.work_order_id)
    )
    return {
        **_plain(found),
        "revisions": [_plain(row) for row in (await connection.execute(made)).mappings()],
        "cases": [_plain(row) for row in (await connection.execute(told)).mappings()],
    }


async def save_rating(
    connection: AsyncConnection, entry_id: str, by: str, work_order_id: str, *, useful: bool, now: datetime
) -> tuple[int, int]:
    """Write the rating in place of an earlier one and return how many find the entry useful and how many do not."""
    row = {"entry_id": entry_id, "by": by, "work_order_id": work_order_id, "useful": useful, "at": now}
    await insert_rows(connection, ratings, [row], update_on=("entry_id", "by", "work_order_id"))
    counted = (await connection.execute(_COUNT, {"entry_id": entry_id})).one()
    return counted.useful, counted.useless


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        str(key): rfc3339(value) if isinstance(value, datetime) else value
        for key, value in row.items()
        if str(key) != "id"
    }


_COUNT: Final = text(f"""
UPDATE {entries.fullname} SET useful = rated.useful, useless = rated.useless FROM (
  SELECT CAST(count(*) FILTER (WHERE useful) AS integer) AS useful,
         CAST(count(*) FILTER (WHERE NOT useful) AS integer) AS useless
  FROM {ratings.fullname} WHERE entry_id = :entry_id
) AS rated
WHERE id = :entry_id RETURNING {entries.fullname}.useful, {entries.fullname}.useless
""")
