"""Cases and their customers, loaded and saved for a whole batch in one round trip each."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import ARRAY, Row, Text, and_, any_, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.feedback.domain.case import Case
from services.feedback.domain.customer import Customer
from services.feedback.store.tables import cases, customers
from shared.db import insert_new, insert_rows, update_rows

CASE_COLUMNS: Final = tuple(cases.c[field.name] for field in fields(Case))
_CASE_FIELDS: Final = tuple(field.name for field in fields(Case))
CUSTOMER_COLUMNS: Final = tuple(customers.c[field.name] for field in fields(Customer))
_CUSTOMER_FIELDS: Final = tuple(field.name for field in fields(Customer))
_ANSWERED: Final = ("score", "solved")
"""Columns that only a completed callback writes; a batch of events must not overwrite them."""
_TOLD: Final = tuple(name for name in _CASE_FIELDS if name not in _ANSWERED)


async def load_cases(connection: AsyncConnection, ids: Iterable[str], contact_ids: Iterable[str]) -> dict[str, Case]:
    """Return the cases of the work orders `ids`, and those that wait for one of the contacts to become a draft.

    They stay locked until the commit: an event and a contact of one case may be in the hands of two replicas.
    """
    wanted = or_(
        cases.c.work_order_id == any_(bindparam("ids", type_=ARRAY(Text))),
        and_(cases.c.draft_waiting, cases.c.contact_id == any_(bindparam("contacts", type_=ARRAY(Text)))),
    )
    query = select(*CASE_COLUMNS).where(wanted).order_by(cases.c.work_order_id).with_for_update()
    given = {"ids": list(ids), "contacts": list(contact_ids)}
    if not any(given.values()):
        return {}
    rows = await connection.execute(query, given)
    return {row.work_order_id: case_of(row) for row in rows}


async def insert_cases(connection: AsyncConnection, fresh: Sequence[Case]) -> None:
    """Write new cases; one that is there already stays as it is."""
    await insert_new(connection, cases, [_row(case, _CASE_FIELDS) for case in fresh], key="work_order_id")


async def update_cases(connection: AsyncConnection, changed: Sequence[Case]) -> None:
    """Write what events changed in cases."""
    await update_rows(connection, cases, [_row(case, _TOLD) for case in changed], key="work_order_id")


async def save_answer(connection: AsyncConnection, case: Case) -> None:
    """Write what the last completed callback said of the case."""
    row = {"work_order_id": case.work_order_id, "score": case.score, "solved": case.solved}
    await update_rows(connection, cases, [row], key="work_order_id")


async def save_customers(connection: AsyncConnection, told: Iterable[Customer], fresh: Collection[str]) -> None:
    """Write the facts of contacts, of which the `fresh` are new; a contact told again replaces what was known."""
    rows = {customer.contact_id: _row(customer, _CUSTOMER_FIELDS) for customer in told}
    new = [rows[key] for key in fresh if key in rows]
    written = await insert_new(connection, customers, new, key="contact_id")
    again = [row for key, row in rows.items() if key not in written]
    await insert_rows(connection, customers, again, update_on=("contact_id",))


async def load_customers(connection: AsyncConnection, contact_ids: Iterable[str]) -> dict[str, Customer]:
    """Return the customers of those contacts that have arrived."""
    given = {"ids": list(contact_ids)}
    if not given["ids"]:
        return {}
    query = select(*CUSTOMER_COLUMNS).where(customers.c.contact_id == any_(bindparam("ids", type_=ARRAY(Text))))
    return {row.contact_id: Customer(**row._mapping) for row in await connection.execute(query, given)}  # noqa: SLF001 (public name)


async def find_case(connection: AsyncConnection, work_order_id: str) -> tuple[Case, Customer | None] | None:
    """Return a case with its customer, as far as known."""
    query = (
        select(*CASE_COLUMNS, *CUSTOMER_COLUMNS)
        .select_from(cases)
        .outerjoin(customers, customers.c.contact_id == cases.c.contact_id)
        .where(cases.c.work_order_id == work_order_id)
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    facts = row[len(CASE_COLUMNS) :]
    return case_of(row), Customer(*facts) if facts[0] is not None else None


def _row(value: Case | Customer, names: Sequence[str]) -> dict[str, Any]:
    """Return those fields of `value`; as they are, for nothing changes them on the way to the database."""
    return {name: getattr(value, name) for name in names}


def case_of(row: Row[Any]) -> Case:
    """Return the case of a row that begins with `CASE_COLUMNS`."""
    values = dict(zip(_CASE_FIELDS, row, strict=False))
    return Case(**values | {"tags": tuple(values["tags"])})
