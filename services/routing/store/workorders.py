"""Work orders as rows: inserted, loaded, saved and read, each for any number at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ARRAY, Row, Text, any_, bindparam, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.domain.matter import Matter
from services.routing.domain.workorder import WorkOrder
from services.routing.store.collaborations import follow
from services.routing.store.history import history_rows
from services.routing.store.matters import matter_json
from services.routing.store.tables import matters, steps, work_orders
from services.routing.store.threads import joined_contacts
from shared.db import insert_rows, update_rows
from shared.events import WorkorderOpened, WorkorderStep

_FIELDS: Final = tuple(field.name for field in fields(WorkOrder))
_LISTS: Final = (
    "sensitive_reasons",
    "evidence",
    "missing_fields",
    "collaborators",
    "verification_reasons",
    "tags",
    "links",
)
_STATE: Final = tuple(work_orders.c[name] for name in _FIELDS)
_IDS: Final = bindparam("ids", type_=ARRAY(Text))
_CHANGING: Final = (
    "id", "category", "topic", "grade", "sensitive", "sensitive_reasons", "department", "queue", "classified_by",
    "confidence", "missing_fields", "cutoff_at", "confirmation_required", "status", "before", "version", "cycle",
    "assignee", "collaborators", "outcome", "resolved_by", "tendency", "verification_reasons", "verified", "tags",
    "links", "merged_into",
)  # fmt: skip
"""What a step may change; the rest of a work order is fixed when it opens."""

_KNOWN: Final = union_all(
    select(work_orders.c.contact_id).where(work_orders.c.contact_id == any_(_IDS)),
    select(joined_contacts.c.contact_id).where(joined_contacts.c.contact_id == any_(_IDS)),
)
_COMPLAINTS: Final = (
    select(work_orders.c.customer_id, work_orders.c.occurred_at)
    .where(work_orders.c.customer_id == any_(_IDS))
    .where(work_orders.c.category == any_(bindparam("categories", type_=ARRAY(Text))))
    .where(work_orders.c.occurred_at.between(bindparam("since"), bindparam("until")))
    .where(work_orders.c.status.not_in(("cancelled", "merged")))
    .where(work_orders.c.queue == "department")
)
_LOAD: Final = select(*_STATE).where(work_orders.c.id == any_(_IDS)).order_by(work_orders.c.id).with_for_update()


Key = Literal["work_order_id", "number", "contact_id"]
"""What a work order can be found by."""


async def known_contacts(connection: AsyncConnection, contact_ids: Sequence[str]) -> set[str]:
    """Return those of `contact_ids` that have a work order already, or joined one."""
    return set((await connection.execute(_KNOWN, {"ids": list(contact_ids)})).scalars())


async def complaints_between(
    connection: AsyncConnection,
    customer_ids: Iterable[str],
    categories: Sequence[str],
    since: datetime,
    until: datetime,
) -> list[tuple[str, datetime]]:
    """Return customer and time of every complaint of these customers in that time.

    What was cancelled or merged does not count, nor what is only suggested in triage.
    """
    given = {"ids": sorted(set(customer_ids)), "categories": list(categories), "since": since, "until": until}
    return [(row.customer_id, row.occurred_at) for row in await connection.execute(_COMPLAINTS, given)]


async def insert(
    connection: AsyncConnection,
    fresh: Sequence[tuple[WorkOrder, Matter]],
    events: Sequence[WorkorderOpened | WorkorderStep],
    now: datetime,
) -> None:
    """Write work orders just opened, what the customers wrote, and the first steps of each history."""
    rows = [_row(work_order, _FIELDS, now) for work_order, _ in fresh]
    await insert_rows(connection, work_orders, rows)
    texts = [{"work_order_id": work_order.id, "matter": matter_json(matter)} for work_order, matter in fresh]
    await insert_rows(connection, matters, texts)
    await _write_history(connection, events, now)


async def load(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, WorkOrder]:
    """Return the work orders with these ids, locked until the commit; unknown ids are left out."""
    rows = await connection.execute(_LOAD, {"ids": sorted(set(ids))})
    return {row.id: _work_order(row) for row in rows}


async def save(
    connection: AsyncConnection, changed: Sequence[WorkOrder], events: Sequence[WorkorderStep], now: datetime
) -> None:
    """Write work orders after their steps, and the steps into the history."""
    await update_rows(connection, work_orders, [_row(work_order, _CHANGING, now) for work_order in changed])
    await _write_history(connection, events, now)
    await follow(connection, events)


async def find(connection: AsyncConnection, by: Key, value: str) -> tuple[WorkOrder, Sequence[Row[Any]]] | None:
    """Return the one work order of which that is so, and its history in order; None where there is none."""
    of_contact = select(joined_contacts.c.work_order_id).where(joined_contacts.c.contact_id == value)
    named = {
        "work_order_id": work_orders.c.id == value,
        "number": work_orders.c.number == value,
        "contact_id": or_(work_orders.c.contact_id == value, work_orders.c.id.in_(of_contact)),
    }
    row = (await connection.execute(select(*_STATE).where(named[by]))).one_or_none()
    if row is None:
        return None
    query = select(steps).where(steps.c.work_order_id == row.id).order_by(steps.c.version)
    return _work_order(row), (await connection.execute(query)).all()


async def _write_history(
    connection: AsyncConnection, events: Iterable[WorkorderOpened | WorkorderStep], now: datetime
) -> None:
    for table, rows in history_rows(events, now).items():
        await insert_rows(connection, table, rows)


def _row(work_order: WorkOrder, names: Sequence[str], now: datetime) -> Mapping[str, Any]:
    return {name: getattr(work_order, name) for name in names} | {"updated_at": now}


def _work_order(row: Row[Any]) -> WorkOrder:
    values = dict(row._mapping)  # noqa: SLF001 (SQLAlchemy's public way to a row's names)
    return WorkOrder(**values | {name: tuple(values[name]) for name in _LISTS})
