"""Facts written for a whole batch of events, one statement for each kind."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.feedback.store.report_tables import answers, clocks, deeds, reopenings
from shared.db import insert_rows

Rows = Sequence[Mapping[str, Any]]


async def save_reopenings(connection: AsyncConnection, rows: Rows) -> None:
    """Write reopenings; what is there stays."""
    await insert_rows(connection, reopenings, rows, ignore_conflicts=True)


async def save_deeds(connection: AsyncConnection, rows: Rows) -> None:
    """Write what was done for work orders; what is there stays."""
    await insert_rows(connection, deeds, rows, ignore_conflicts=True)


async def save_clock_facts(connection: AsyncConnection, rows: Rows) -> None:
    """Write how deadlines ended; the last word on a clock counts."""
    await insert_rows(connection, clocks, rows, update_on=("clock_id",))


async def save_answer_facts(connection: AsyncConnection, rows: Rows) -> None:
    """Write what customers answered; one that is there stays."""
    await insert_rows(connection, answers, rows, ignore_conflicts=True)
