"""The customer's file, read from contacts, cases and callbacks in a constant number of statements (R-FB-08)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, any_, bindparam, exists, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from services.feedback.domain.callback import Callback
from services.feedback.domain.customer import Customer, phone_key
from services.feedback.domain.customer_file import CustomerFile, person_of
from services.feedback.store.cases import CASE_COLUMNS, CUSTOMER_COLUMNS, case_of
from services.feedback.store.tables import callbacks, cases, customers
from shared.events.commands import GetCustomer, SearchCustomers

_CALLBACK_COLUMNS: Final = tuple(callbacks.c[field.name] for field in fields(Callback))
_LATEST: Final = customers.c.occurred_at.desc().nulls_last(), customers.c.contact_id.desc()


@dataclass(frozen=True, slots=True)
class Found:
    """One customer that a search found: as known at the last contact, with the departments and tags of their cases."""

    person: Customer
    last_contact_at: datetime | None
    work_orders: int
    departments: tuple[str, ...]
    tags: tuple[str, ...]


async def find_customer_id(connection: AsyncConnection, named: GetCustomer) -> str | None:
    """Return the id of the customer that is `named`; of several who gave the same number the one heard of last."""
    row = (await connection.execute(_named(named).limit(1))).first()
    return row[0] if row else None


async def load_file(connection: AsyncConnection, customer_id: str, limit: int) -> CustomerFile | None:
    """Return the file of a customer with the newest `limit` contacts, work orders and callbacks; None without contacts."""
    given = {"customer_id": customer_id}
    mine = select(*CUSTOMER_COLUMNS).where(customers.c.customer_id == bindparam("customer_id")).order_by(*_LATEST)
    contacts = [Customer(*row) for row in await connection.execute(mine.limit(limit), given)]
    if not contacts:
        return None
    work = (
        select(*CASE_COLUMNS)
        .where(cases.c.customer_id == bindparam("customer_id"))
        .order_by(cases.c.opened_at.desc(), cases.c.number.desc())
    )
    orders = [case_of(row) for row in await connection.execute(work.limit(limit), given)]
    made = (
        select(*_CALLBACK_COLUMNS)
        .join(cases, cases.c.work_order_id == callbacks.c.work_order_id)
        .where(cases.c.customer_id == bindparam("customer_id"), callbacks.c.state != "withdrawn")
        .order_by(func.coalesce(callbacks.c.completed_at, callbacks.c.scheduled_at).desc(), callbacks.c.id)
    )
    calls = [Callback(*row) for row in await connection.execute(made.limit(limit), given)]
    return CustomerFile(
        person_of(contacts),
        contacts,
        orders,
        [call for call in calls if call.state == "completed"],
        [call for call in calls if call.state == "open"],
    )


async def search_customers(connection: AsyncConnection, wish: SearchCustomers) -> list[Found]:
    """Return the customers to whom everything wished for applies, the one heard of last first; three statements."""
    latest = (
        select(customers.c.customer_id, func.max(customers.c.occurred_at).label("last"))
        .where(*_conditions(wish))
        .group_by(customers.c.customer_id)
        .order_by(func.max(customers.c.occurred_at).desc().nulls_last(), customers.c.customer_id)
        .limit(wish.limit)
    )
    ids = [row.customer_id for row in await connection.execute(latest)]
    if not ids:
        return []
    given, many = {"ids": ids}, bindparam("ids", type_=ARRAY(Text))
    newest = (
        select(*CUSTOMER_COLUMNS)
        .ext(distinct_on(customers.c.customer_id))
        .where(customers.c.customer_id == any_(many))
        .order_by(customers.c.customer_id, *_LATEST)
    )
    people = {row.customer_id: Customer(*row) for row in await connection.execute(newest, given)}
    work = select(cases.c.customer_id, cases.c.department, cases.c.tags).where(cases.c.customer_id == any_(many))
    held: dict[str, list[Any]] = {}
    for row in await connection.execute(work, given):
        held.setdefault(row.customer_id, []).append(row)
    return [_found(people[one], held.get(one, [])) for one in ids]


def _found(person: Customer, orders: Sequence[Any]) -> Found:
    return Found(
        person,
        person.occurred_at,
        len(orders),
        tuple(sorted({order.department for order in orders})),
        tuple(dict.fromkeys(tag for order in orders for tag in order.tags)),
    )


def _named(named: GetCustomer) -> Select[Any]:
    """Return the query for the ids of the customers that are `named`, the one heard of last first."""
    by_contact = select(customers.c.customer_id).order_by(*_LATEST)
    by_case = select(cases.c.customer_id)
    if named.customer_id is not None:
        return by_contact.where(customers.c.customer_id == named.customer_id)
    if named.contact_id is not None:
        return by_contact.where(customers.c.contact_id == named.contact_id)
    if named.phone is not None:
        return by_contact.where(customers.c.phone_key == (phone_key(named.phone) or ""))
    if named.member_no is not None:
        return by_contact.where(customers.c.member_no == named.member_no)
    if named.number is not None:
        return by_case.where(cases.c.number == named.number)
    return by_case.where(cases.c.work_order_id == named.work_order_id)


def _conditions(wish: SearchCustomers) -> list[Any]:
    found: list[Any] = []
    if wish.phone is not None:
        found.append(customers.c.phone_key == (phone_key(wish.phone) or ""))
    for name in ("name", "company"):
        wanted = getattr(wish, name)
        if wanted is not None:
            found.append(customers.c[name].startswith(wanted, autoescape=True))
    for name in ("member_no", "order_no", "tier"):
        wanted = getattr(wish, name)
        if wanted is not None:
            found.append(customers.c[name] == wanted)
    if wish.tag is not None:
        tagged = cases.c.tags.op("@>")(literal([wish.tag], JSONB))
        found.append(
            exists().where(
                cases.c.customer_id == customers.c.customer_id, cases.c.tags != literal_column("'[]'::jsonb"), tagged
            )
        )
    return found
