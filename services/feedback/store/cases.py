"""Cases and their customers, loaded and saved for a whole batch in one round trip each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import ARRAY, Text, and_, any_, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.feedback.domain.case import Case
from services.feedback.domain.customer import Customer
from services.feedback.store.report_tables import contacts
from services.feedback.store.tables import cases, customers
from shared.bus.transaction import Transaction
from shared.db import Prepared, fetch, insert_new_together, insert_rows, update_rows

CASE_COLUMNS: Final = tuple(cases.c[field.name] for field in fields(Case))
_CASE_FIELDS: Final = tuple(field.name for field in fields(Case))
CUSTOMER_COLUMNS: Final = tuple(customers.c[field.name] for field in fields(Customer))
_CUSTOMER_FIELDS: Final = tuple(field.name for field in fields(Customer))
_ANSWERED: Final = ("score", "solved")
"""Columns that only a completed callback writes; a batch of events must not overwrite them."""
_TOLD: Final = tuple(name for name in _CASE_FIELDS if name not in _ANSWERED)
_LOCKED: Final = Prepared(
    select(*CASE_COLUMNS)
    .where(
        or_(
            cases.c.work_order_id == any_(bindparam("ids", type_=ARRAY(Text))),
            and_(cases.c.draft_waiting, cases.c.contact_id == any_(bindparam("contacts", type_=ARRAY(Text)))),
        )
    )
    .order_by(cases.c.work_order_id)
    .with_for_update()
)
_OF_CONTACTS: Final = Prepared(
    select(*CUSTOMER_COLUMNS).where(customers.c.contact_id == any_(bindparam("ids", type_=ARRAY(Text))))
)


async def load_cases(connection: AsyncConnection, ids: Iterable[str], contact_ids: Iterable[str]) -> dict[str, Case]:
    """Return the cases of the work orders `ids`, and those that wait for one of the contacts to become a draft.

    They stay locked until the commit: an event and a contact of one case may be in the hands of two replicas.
    """
    given = {"ids": list(ids), "contacts": list(contact_ids)}
    if not any(given.values()):
        return {}
    return {row.work_order_id: case_of(row) for row in await fetch(connection, _LOCKED, given)}


def insert_cases(tx: Transaction, fresh: Sequence[Case]) -> None:
    """Write new cases at the end of `tx`; none is there already, for the opening of a work order is applied once."""
    tx.insert(cases, [_row(case, _CASE_FIELDS) for case in fresh])


async def update_cases(connection: AsyncConnection, changed: Sequence[Case]) -> None:
    """Write what events changed in cases."""
    await update_rows(connection, cases, [_row(case, _TOLD) for case in changed], key="work_order_id")


async def save_answer(connection: AsyncConnection, case: Case) -> None:
    """Write what the last completed callback said of the case."""
    row = {"work_order_id": case.work_order_id, "score": case.score, "solved": case.solved}
    await update_rows(connection, cases, [row], key="work_order_id")


async def save_customers(
    connection: AsyncConnection, told: Iterable[Customer], fresh: Mapping[str, Mapping[str, Any]]
) -> None:
    """Write the customers of contacts; a contact told again replaces what was known.

    The `fresh` are new, each with its fact for the reports, of which one that is there stays.
    """
    rows = {customer.contact_id: _row(customer, _CUSTOMER_FIELDS) for customer in told}
    keys = sorted(fresh)
    parts = ((contacts, [fresh[key] for key in keys]), (customers, [rows[key] for key in keys]))
    written = await insert_new_together(connection, parts, key="contact_id")
    again = [row for key, row in rows.items() if key not in written]
    await insert_rows(connection, customers, again, update_on=("contact_id",))


async def load_customers(connection: AsyncConnection, contact_ids: Iterable[str]) -> dict[str, Customer]:
    """Return the customers of those contacts that have arrived."""
    given = {"ids": list(contact_ids)}
    if not given["ids"]:
        return {}
    return {row.contact_id: Customer(*row) for row in await fetch(connection, _OF_CONTACTS, given)}


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


def _row(value: Case | Customer, names: tuple[str, ...]) -> dict[str, Any]:
    """Return those fields of `value`; as they are, for nothing changes them on the way to the database."""
    return dict(zip(names, _picked(names)(value), strict=True))


@cache
def _picked(names: tuple[str, ...]) -> Callable[[Case | Customer], tuple[Any, ...]]:
    return attrgetter(*names)


def case_of(row: Iterable[Any]) -> Case:
    """Return the case of a row that begins with `CASE_COLUMNS`."""
    values = dict(zip(_CASE_FIELDS, row, strict=False))
    return Case(**values | {"tags": tuple(values["tags"])})
