"""The reports that were published: one row for each period, which is what makes it exactly once (R-FB-05)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.feedback.store.report_tables import reports
from shared.db import insert_rows, update_rows


@dataclass(frozen=True, slots=True)
class Published:
    """A published report; `totals` are its sums as they were told."""

    id: str
    report: str
    period_start: datetime
    period_end: datetime
    made_at: datetime
    uri: str
    totals: Mapping[str, int]


async def claim_report(connection: AsyncConnection, row: Published) -> bool:
    """Write the row of a report that is about to be made and return whether it was not there yet.

    Another replica that makes the same report waits here until this one commits, and finds it made.
    """
    values: dict[str, Any] = {name: getattr(row, name) for name in Published.__slots__}
    return bool(await insert_rows(connection, reports, [values], ignore_conflicts=True, returning=("id",)))


async def complete_report(connection: AsyncConnection, report_id: str, uri: str, totals: Mapping[str, int]) -> None:
    """Write where a claimed report can be read, and what it tells."""
    await update_rows(connection, reports, [{"id": report_id, "uri": uri, "totals": dict(totals)}])


async def last_published(connection: AsyncConnection, report: str) -> Published | None:
    """Return the published report of the latest period."""
    found = await list_published(connection, report, 1)
    return found[0] if found else None


async def published_for(connection: AsyncConnection, report: str, start: datetime) -> Published | None:
    """Return the published report of the period that begins at `start`."""
    query = select(reports).where(reports.c.report == report, reports.c.period_start == start)
    row = (await connection.execute(query)).one_or_none()
    return Published(*row) if row is not None else None


async def list_published(connection: AsyncConnection, report: str | None, limit: int) -> Sequence[Published]:
    """Return published reports, the latest period first."""
    query = select(reports).order_by(reports.c.period_start.desc(), reports.c.report).limit(limit)
    if report is not None:
        query = query.where(reports.c.report == report)
    return [Published(*row) for row in await connection.execute(query)]
