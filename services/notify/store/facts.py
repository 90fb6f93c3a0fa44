"""Reading and writing what is remembered of contacts and work orders."""

from collections.abc import Collection, Sequence
from dataclasses import asdict

from sqlalchemy import ARRAY, Text, any_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain.facts import Contact, WorkOrder
from services.notify.store.tables import contacts, work_orders
from shared.db import insert_rows

_IDS = bindparam("ids", type_=ARRAY(Text))


async def save_contacts(connection: AsyncConnection, known: Sequence[Contact]) -> None:
    """Remember `known`; one that is there already is replaced."""
    rows = {contact.contact_id: asdict(contact) for contact in known}
    await insert_rows(connection, contacts, [rows[key] for key in sorted(rows)], update_on=("contact_id",))


async def load_work_orders(connection: AsyncConnection, ids: Collection[str]) -> dict[str, WorkOrder]:
    """Return those of the work orders that are known, by their ids."""
    if not ids:
        return {}
    query = select(work_orders).where(work_orders.c.work_order_id == any_(_IDS))
    rows = await connection.execute(query, {"ids": sorted(ids)})
    return {row.work_order_id: WorkOrder(**row._mapping) for row in rows}  # noqa: SLF001 (SQLAlchemy's public name)


async def save_work_orders(connection: AsyncConnection, changed: Collection[WorkOrder]) -> None:
    """Write the work orders as they are now."""
    rows = sorted((asdict(order) for order in changed), key=lambda row: row["work_order_id"])
    await insert_rows(connection, work_orders, rows, update_on=("work_order_id",))
