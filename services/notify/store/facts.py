"""Reading and writing what is remembered of contacts and work orders."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ARRAY, Table, Text, any_, bindparam, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain.facts import Contact, WorkOrder
from services.notify.store.tables import contacts, work_orders
from shared.db import Prepared, fetch, insert_new, insert_rows

_CONTACT = tuple(field.name for field in fields(Contact))
_ORDER = tuple(field.name for field in fields(WorkOrder) if field.name in work_orders.c)
_OF_CONTACTS = [contacts.c[name] for name in _CONTACT]
_OF_ORDERS = [work_orders.c[name].label(f"w_{name}") for name in _ORDER]
_KNOWN = Prepared(
    select(*_OF_CONTACTS, *_OF_ORDERS)
    .select_from(work_orders)
    .outerjoin(contacts, contacts.c.contact_id == work_orders.c.contact_id)
    .where(work_orders.c.work_order_id == any_(bindparam("orders", type_=ARRAY(Text))))
    .union_all(
        select(*_OF_CONTACTS, *(null().cast(column.type) for column in _OF_ORDERS)).where(
            contacts.c.contact_id == any_(bindparam("contacts", type_=ARRAY(Text)))
        )
    )
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered, by its ids: of contacts, and of work orders, whose contacts are among the contacts."""

    contacts: dict[str, Contact]
    orders: dict[str, WorkOrder]


async def load(connection: AsyncConnection, contact_ids: Collection[str], order_ids: Collection[str]) -> Known:
    """Return what is remembered of those contacts, and of those work orders and their contacts."""
    known = Known({}, {})
    if not contact_ids and not order_ids:
        return known
    for row in await fetch(connection, _KNOWN, {"contacts": sorted(contact_ids), "orders": sorted(order_ids)}):
        contact = Contact(*row[: len(_CONTACT)]) if row[0] is not None else None
        if contact is not None:
            known.contacts[contact.contact_id] = contact
        if row["w_work_order_id"] is not None:
            cells = dict(zip(_ORDER, row[len(_CONTACT) :], strict=True))
            employee = contact.employee if contact is not None else None
            known.orders[cells["work_order_id"]] = order_of({**cells, "employee": employee})
    return known


async def save_contacts(connection: AsyncConnection, known: Collection[Contact], fresh: Collection[str] = ()) -> None:
    """Remember `known`, of which those with the ids `fresh` are new; one that is there already is replaced."""
    rows = {contact.contact_id: _row(contact, _CONTACT) for contact in sorted(known, key=_contact_id)}
    await _save(connection, contacts, "contact_id", rows, fresh)


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
