"""Facts written for a whole batch of events, one statement for each kind."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.feedback.domain.report.facts import Change
from services.feedback.store.report_tables import answers, clocks, contacts, deeds, orders, reopenings
from shared.db import insert_rows

Rows = Sequence[Mapping[str, Any]]


async def save_contact_facts(connection: AsyncConnection, rows: Rows) -> None:
    """Write contacts; one that is there stays."""
    await insert_rows(connection, contacts, rows, ignore_conflicts=True)


async def save_order_facts(connection: AsyncConnection, opened: Rows, changes: Sequence[Change], again: Rows) -> None:
    """Write work orders opened, what became of others or of these, and the reopenings `again`."""
    await insert_rows(connection, orders, opened, ignore_conflicts=True)
    if changes:
        rows = sorted(changes, key=lambda change: change.work_order_id)
        await connection.execute(
            _CHANGE, {field.name: [getattr(row, field.name) for row in rows] for field in fields(Change)}
        )
    await insert_rows(connection, reopenings, again, ignore_conflicts=True)


async def save_deeds(connection: AsyncConnection, rows: Rows) -> None:
    """Write what was done for work orders; what is there stays."""
    await insert_rows(connection, deeds, rows, ignore_conflicts=True)


async def save_clock_facts(connection: AsyncConnection, rows: Rows) -> None:
    """Write how deadlines ended; the last word on a clock counts."""
    await insert_rows(connection, clocks, rows, update_on=("clock_id",))


async def save_answer_facts(connection: AsyncConnection, rows: Rows) -> None:
    """Write what customers answered; one that is there stays."""
    await insert_rows(connection, answers, rows, ignore_conflicts=True)


_TYPES: Final = {"closed_at": "timestamptz", "cancelled_at": "timestamptz", "reopened": "integer"}
_NAMES: Final = [field.name for field in fields(Change)]
_ARRAYS: Final = ", ".join(f"CAST(:{name} AS {_TYPES.get(name, 'text')}[])" for name in _NAMES)

_CHANGE: Final = text(f"""
UPDATE {orders.fullname} AS held SET
  department = given.department,
  topic = CASE WHEN given.category IS NULL THEN held.topic ELSE given.topic END,
  category = coalesce(given.category, held.category),
  grade = coalesce(given.grade, held.grade),
  closed_at = CASE WHEN given.reopened > 0 THEN given.closed_at ELSE coalesce(given.closed_at, held.closed_at) END,
  outcome = CASE WHEN given.reopened > 0 THEN given.outcome ELSE coalesce(given.outcome, held.outcome) END,
  cancelled_at = CASE WHEN given.reopened > 0 THEN given.cancelled_at ELSE coalesce(given.cancelled_at, held.cancelled_at) END,
  reopenings = held.reopenings + given.reopened
FROM unnest({_ARRAYS}) AS given({", ".join(_NAMES)})
WHERE held.work_order_id = given.work_order_id
""")
