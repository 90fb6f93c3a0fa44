"""Reading and writing what is remembered of contacts and work orders."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import ARRAY, Table, Text, any_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain.facts import Contact, WorkOrder
from services.notify.store.tables import contacts, work_orders
from shared.db import insert_new, insert_rows

_CONTACT = tuple(field.name for field in fields(Contact))
_ORDER = tuple(field.name for field in fields(WorkOrder) if field.name in work_orders.c)
_IDS = bindparam("ids", type_=ARRAY(Text))


async def load_contacts(connection: AsyncConnection, ids: Collection[str]) -> dict[str, Contact]:
    """Return those of the contacts that are known, by their ids."""
    if not ids:
        return {}
    query = select(contacts).where(contacts.c.contact_id == any_(_IDS))
    rows = await connection.execute(query, {"ids": sorted(ids)})
    return {row.contact_id: Contact(**row._mapping) for row in rows}  # noqa: SLF001 (SQLAlchemy's public name)


async def save_contacts(connection: AsyncConnection, known: Collection[Contact], fresh: Collection[str] = ()) -> None:
    """Remember `known`, of which those with the ids `fresh` are new; one that is there already is replaced."""
    rows = {contact.contact_id: _row(contact, _CONTACT) for contact in sorted(known, key=_contact_id)}
    await _save(connection, contacts, "contact_id", rows, fresh)


async def load_work_orders(connection: AsyncConnection, ids: Collection[str]) -> dict[str, WorkOrder]:
    """Return those of the work orders that are known, by their ids."""
    if not ids:
        return {}
    query = (
        select(work_orders, contacts.c.employee)
        .outerjoin(contacts, contacts.c.contact_id == work_orders.c.contact_id)
        .where(work_orders.c.work_order_id == any_(_IDS))
    )
    rows = await connection.execute(query, {"ids": sorted(ids)})
    return {row.work_order_id: order_of(dict(row._mapping)) for row in rows}  # noqa: SLF001 (SQLAlchemy's public name)


def order_of(cells: Mapping[str, Any]) -> WorkOrder:
    """Return the work order of its columns."""
    return WorkOrder(**{**cells, "concerned": tuple(cells["concerned"] or ())})


async def save_work_orders(connection: AsyncConnection, changed: Collection[WorkOrder], fresh: Collection[str]) -> None:
    """Write the work orders as they are now, of which those with the ids `fresh` are new."""
    rows = {order.work_order_id: _row(order, _ORDER) for order in sorted(changed, key=_work_order_id)}
    await _save(connection, work_orders, "work_order_id", rows, fresh)


async def _save(
    connection: AsyncConnection, table: Table, key: str, rows: Mapping[str, Mapping[str, Any]], fresh: Collection[str]
) -> None:
    new = [rows[one] for one in rows if one in fresh]
    written = await insert_new(connection, table, new, key=key)
    await insert_rows(connection, table, [row for one, row in rows.items() if one not in written], update_on=(key,))


def _contact_id(contact: Contact) -> str:
    return contact.contact_id


def _work_order_id(order: WorkOrder) -> str:
    return order.work_order_id


def _row(entity: Contact | WorkOrder, names: Sequence[str]) -> dict[str, Any]:
    """Return the columns of an entity; `asdict` would copy every value."""
    return {name: getattr(entity, name) for name in names}
