"""The calls of agents by day: counted where they are recorded, so that reading them costs little (R-IN-10)."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import ARRAY, Column, Date, Integer, Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.types import TypeEngine

from services.intake.domain.calls import COUNTS, CallCounts
from services.intake.store.tables import agent_calls
from shared.db import Prepared, fetch

_NAMES = ("day", "agent_id", *COUNTS)


def _add() -> Prepared:
    types: list[TypeEngine[Any]] = [Date(), Text(), *(Integer() for _ in COUNTS)]
    arrays: list[BindParameter[Any]] = [
        bindparam(f"{name}_", type_=ARRAY(kind)) for name, kind in zip(_NAMES, types, strict=True)
    ]
    columns: list[Column[Any]] = [Column(name, kind) for name, kind in zip(_NAMES, types, strict=True)]
    told = func.unnest(*arrays).table_valued(*columns, name="given").render_derived()
    statement = insert(agent_calls).from_select(_NAMES, select(*told.c))
    more = {name: agent_calls.c[name] + statement.excluded[name] for name in COUNTS}
    return Prepared(statement.on_conflict_do_update(index_elements=["day", "agent_id"], set_=more))


_ADD: Final = _add()


async def add_calls(connection: AsyncConnection, counts: Mapping[tuple[date, str], CallCounts]) -> None:
    """Add to the counts of agents; the rows stay locked until the commit, so wait for nobody afterwards."""
    if not counts:
        return
    keys = sorted(counts)  # all replicas take the rows in the same order, so that they cannot wait for each other
    values: dict[str, list[Any]] = {"day_": [day for day, _ in keys], "agent_id_": [agent for _, agent in keys]}
    await fetch(
        connection, _ADD, values | {f"{name}_": [getattr(counts[key], name) for key in keys] for name in COUNTS}
    )


async def calls_between(
    connection: AsyncConnection, first_day: date, last_day: date, agent_id: str | None = None
) -> dict[str, CallCounts]:
    """Return the counts of each agent over local days, both included; those that nobody answered are of agent ``""``."""
    totals = [func.sum(agent_calls.c[name]).label(name) for name in COUNTS]
    query = (
        select(agent_calls.c.agent_id, *totals)
        .where(agent_calls.c.day.between(first_day, last_day))
        .group_by(agent_calls.c.agent_id)
        .order_by(agent_calls.c.agent_id)
    )
    if agent_id is not None:
        query = query.where(agent_calls.c.agent_id == agent_id)
    rows = await connection.execute(query)
    return {row.agent_id: CallCounts(*(int(getattr(row, name)) for name in COUNTS)) for row in rows}
