"""What customers wrote: read to compare and to complete, replaced when the register is completed."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ARRAY, Text, any_, bindparam, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.domain.linking import OpenMatter, order_number
from services.routing.domain.matter import Matter
from services.routing.store.tables import NOT_ENDED, matters, work_orders
from services.routing.store.threads import joined_contacts
from shared.db import update_rows

_FEW: Final = 20
"""Of one customer, so many of the latest open work orders are compared."""
_WORDS: Final = tuple(field.name for field in fields(Matter))
_LOAD: Final = select(matters).where(matters.c.work_order_id == any_(bindparam("ids", type_=ARRAY(Text))))
_GIVEN: Final = bindparam("contacts", type_=ARRAY(Text))
_CONTACTS: Final = union_all(
    select(work_orders.c.contact_id, work_orders.c.id).where(work_orders.c.contact_id == any_(_GIVEN)),
    select(joined_contacts.c.contact_id, joined_contacts.c.work_order_id).where(
        joined_contacts.c.contact_id == any_(_GIVEN)
    ),
)
OPEN_MATTERS: Final = (
    "SELECT w.id, w.customer_id, w.category, w.topic, w.queue, w.occurred_at, m.matter #>> '{details,order_no}' AS order_no "
    "FROM unnest(CAST(:ids AS text[])) AS customer(id) CROSS JOIN LATERAL ("
    f"SELECT * FROM (SELECT * FROM {work_orders.fullname} WHERE customer_id = customer.id "
    "AND occurred_at BETWEEN :since AND :until ORDER BY occurred_at DESC OFFSET 0) AS latest "
    f"WHERE {NOT_ENDED} ORDER BY occurred_at DESC LIMIT {_FEW}"
    f") AS w LEFT JOIN {matters.fullname} AS m ON m.work_order_id = w.id"
)
"""What the open work orders of customers in `ids` between two moments are about, the latest of each customer.

OFFSET 0 keeps the two conditions apart: where all work orders had ended when PostgreSQL last looked, it takes the index of
the open ones for empty, and would read the whole of it for each customer.
"""
_OPEN: Final = text(OPEN_MATTERS)


async def open_matters(
    connection: AsyncConnection, customer_ids: Iterable[str], since: datetime, until: datetime
) -> list[OpenMatter]:
    """Return what these customers' open work orders of that time are about, the latest of each."""
    rows = await connection.execute(_OPEN, {"ids": sorted(set(customer_ids)), "since": since, "until": until})
    return [open_matter_in(row) for row in rows]


def open_matter_in(row: Any) -> OpenMatter:
    """Return what a row of `OPEN_MATTERS` tells of."""
    return OpenMatter(
        row.id, row.customer_id, row.category, row.topic, row.queue, order_number(row.order_no), row.occurred_at
    )


async def matter(connection: AsyncConnection, work_order_id: str) -> Matter | None:
    """Return what the customer wrote; None where it was erased."""
    query = select(matters.c.matter).where(matters.c.work_order_id == work_order_id)
    found = (await connection.execute(query)).scalar_one_or_none()
    return None if found is None else Matter(**found)


async def matters_of(connection: AsyncConnection, work_order_ids: Iterable[str]) -> dict[str, Matter]:
    """Return what was written to these work orders; what was erased is missing."""
    rows = await connection.execute(_LOAD, {"ids": sorted(set(work_order_ids))})
    return {row.work_order_id: Matter(**row.matter) for row in rows}


async def ids_of_contacts(connection: AsyncConnection, contact_ids: Iterable[str]) -> dict[str, str]:
    """Return the id of the work order of each of these contacts that has one: opened by it, or joined."""
    rows = await connection.execute(_CONTACTS, {"contacts": sorted(set(contact_ids))})
    return {row.contact_id: row.id for row in rows}


async def replace_matters(connection: AsyncConnection, changed: Mapping[str, Matter]) -> None:
    """Write matters anew, by the id of their work order."""
    rows = [{"work_order_id": key, "matter": matter_json(matter)} for key, matter in changed.items()]
    await update_rows(connection, matters, rows, key="work_order_id")


def matter_json(matter: Matter) -> dict[str, Any]:
    """Return a matter as its row has it."""
    return {name: getattr(matter, name) for name in _WORDS}
