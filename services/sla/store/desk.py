"""What the desk reads and writes: lists of clocks, the work orders of a rebase, and its audit (R-SLA-12)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.sla.store.tables import LIVE, clocks, rebases, subjects
from shared.db import insert_rows
from shared.events.commands import ListClocks, RebaseClocks
from shared.times import rfc3339

_MOMENTS: Final = ("started_at", "due_at", "next_at")
_SHOWN: Final = (
    "subject_type",
    "subject_id",
    "metric",
    "cycle",
    "about",
    "grade",
    "department",
    "calendar",
    "state",
    "provisional",
    "next_mark",
    "policy_version",
)


async def listed(connection: AsyncConnection, wanted: ListClocks) -> list[dict[str, Any]]:
    """Return the clocks that `wanted` describes, the earliest due first, as JSON."""
    query = select(clocks).order_by(clocks.c.due_at, clocks.c.id).limit(wanted.limit)
    if wanted.work_order_id is not None:
        query = query.where(clocks.c.owner == wanted.work_order_id)
    if wanted.state is not None:
        query = query.where(clocks.c.state == wanted.state)
    elif wanted.work_order_id is None:
        query = query.where(text(LIVE))
    if wanted.department is not None:
        query = query.where(clocks.c.department == wanted.department)
    if wanted.metric is not None:
        query = query.where(clocks.c.metric == wanted.metric)
    return [_shown(row) for row in await connection.execute(query)]


def _shown(row: Row[Any]) -> dict[str, Any]:
    moments = {name: rfc3339(at) if (at := getattr(row, name)) is not None else None for name in _MOMENTS}
    return {
        "clock_id": row.id,
        **{name: getattr(row, name) for name in _SHOWN},
        **moments,
        "target_seconds": int(row.target.total_seconds()),
        "warned_percent": row.warned,
        "escalations": row.rung,
    }


async def open_subjects(
    connection: AsyncConnection, department: str | None, work_order_id: str | None, limit: int
) -> Sequence[Row[Any]]:
    """Return the ids of up to `limit` work orders that have been opened and have not ended."""
    query = select(subjects.c.id).where(subjects.c.category.is_not(None), text("NOT ended"))
    if department is not None:
        query = query.where(subjects.c.department == department)
    if work_order_id is not None:
        query = query.where(subjects.c.id == work_order_id)
    return (await connection.execute(query.order_by(subjects.c.id).limit(limit))).all()


async def record_rebase(
    connection: AsyncConnection,
    rebase_id: str,
    command: RebaseClocks,
    department: str | None,
    at: datetime,
    policy_version: str,
    work_orders: int,
    moved: Sequence[Mapping[str, Any]],
) -> None:
    """Write who moved what, when and why."""
    row = {
        "id": rebase_id,
        "command_id": command.command_id,
        "by": command.by,
        "at": at,
        "reason": command.reason.strip(),
        "metric": command.metric,
        "department": department,
        "work_order_id": command.work_order_id,
        "policy_version": policy_version,
        "work_orders": work_orders,
        "moved": list(moved),
    }
    await insert_rows(connection, rebases, [row])
