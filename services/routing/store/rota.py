"""The rota of a department: its lock and its turns, and how its people are found (R-RT-08)."""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.domain.assignment import Person
from services.routing.domain.rota import Turns
from services.routing.store.tables import IN_HAND, presence, rotas, work_orders
from shared.db import Prepared, fetch, insert_rows

# Written whether it is there or not: what is not there could not be locked. Ordered, so that no two replicas wait for
# each other.
_LOCK: Final = Prepared(
    text(
        f"INSERT INTO {rotas.fullname} AS rota (department, served) "
        "SELECT name, '{}'::jsonb FROM unnest(CAST(:departments AS text[])) AS name ORDER BY name "
        "ON CONFLICT (department) DO UPDATE SET served = rota.served RETURNING department, served"
    )
)
_PEOPLE: Final = Prepared(
    text(
        "SELECT person.id, told.state, "
        f"(SELECT count(*) FROM {work_orders.fullname} WHERE assignee = person.id AND {IN_HAND}) AS load "
        "FROM unnest(CAST(:ids AS text[])) AS person(id) "
        f"LEFT JOIN {presence.fullname} AS told ON told.agent_id = person.id"
    )
)


async def lock_rotas(connection: AsyncConnection, departments: Iterable[str]) -> dict[str, Turns]:
    """Return the turns of these departments; until the commit nobody else gives out their work.

    Whoever takes this lock waits for no other one afterwards, so that no two transactions wait for each other.
    """
    rows = await fetch(connection, _LOCK, {"departments": sorted(set(departments))})
    return {row.department: row.served for row in rows}


async def people(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, Person]:
    """Return how these members of staff are found now: presence, and open work orders in hand."""
    rows = await fetch(connection, _PEOPLE, {"ids": sorted(set(ids))})
    return {row.id: Person(row.state or "available", row.load) for row in rows}


async def save_turns(connection: AsyncConnection, turns: Mapping[str, Turns]) -> None:
    """Write the turns of departments that the caller has locked."""
    rows = [{"department": department, "served": served} for department, served in turns.items()]
    await insert_rows(connection, rotas, rows, update_on=("department",))
