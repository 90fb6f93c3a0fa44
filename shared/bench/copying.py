"""Rows multiplied inside PostgreSQL: the same day again and again, each under names of its own and further in the past."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
from sqlalchemy import Column, DateTime, Table, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, DropIndex, ExecutableDDLElement

from shared.bench.finished import FINISHED, NOT_COPIED, NOT_COPIED_PREFIX

SPREAD_DAYS: Final = 365
_NAME: Final = re.compile(
    r"id|\w+_id|owner|number|fingerprint|value|reference|phone|phone_key|email|member_no|order_no"
)
_SHARED: Final = frozenset({"agent_id", "batch_id"})
"""Names of what many work orders have in common."""


@dataclass(frozen=True, slots=True)
class Copies:
    """How often the day is repeated, and over which time that spreads it."""

    count: int

    @property
    def step_seconds(self) -> float:
        """How much earlier each repetition is than the one before it."""
        return SPREAD_DAYS * 86_400 / self.count


def copied(table: Table) -> bool:
    """Return whether the table grows with the contacts: its key is made of their names."""
    if table.fullname in NOT_COPIED or table.fullname.startswith(NOT_COPIED_PREFIX):
        return False
    return any(_is_name(column) or column.identity is not None for column in table.primary_key.columns)


async def copy_rows(connection: asyncpg.Connection, table: Table, copies: Copies, count: int) -> int:
    """Repeat the rows of `table` `count` times, its indexes rebuilt at the end; return how many rows were added.

    Nobody checks foreign keys meanwhile: the session must have its triggers off.
    """
    indexes = sorted((index for index in table.indexes if not index.unique), key=lambda index: str(index.name))
    for index in indexes:
        await connection.execute(_sql(DropIndex(index)))
    columns = [column for column in table.columns if column.identity is None]
    finished = FINISHED.get(table.fullname, {})
    names = ", ".join(f'"{column.name}"' for column in columns)
    values = ", ".join(_value(column, finished, copies) for column in columns)
    done = await connection.execute(
        f"INSERT INTO {table.fullname} ({names}) SELECT {values} "
        f"FROM generate_series(1, {count}) AS g CROSS JOIN {table.fullname} AS t"
    )
    for index in indexes:
        await connection.execute(_sql(CreateIndex(index)))
    return int(done.split()[-1])


def _sql(statement: ExecutableDDLElement) -> str:
    return str(statement.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]


def _value(column: Column[Any], finished: Mapping[str, str], copies: Copies) -> str:
    value = finished.get(column.name, f't."{column.name}"')
    if column.name == "sent_at":  # of the outbox: nothing of the past waits to be published
        value = "coalesce(t.sent_at, t.created_at)"
    if isinstance(column.type, DateTime) and value != "NULL":
        return f"{value} - g * {copies.step_seconds} * interval '1 second'"
    if value == f't."{column.name}"' and _is_name(column):
        return f"{value} || '-' || g"
    return value


def _is_name(column: Column[Any]) -> bool:
    return isinstance(column.type, Text) and column.name not in _SHARED and _NAME.fullmatch(column.name) is not None
