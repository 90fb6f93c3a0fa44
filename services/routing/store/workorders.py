"""Work orders as rows: inserted, loaded, saved and read, each for any number at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ARRAY, Row, Text, any_, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.domain.matter import Matter
from services.routing.domain.workorder import WorkOrder
from services.routing.store.collaborations import follow
from services.routing.store.history import history_rows
from services.routing.store.matters import matter_json
from services.routing.store.tables import matters, steps, work_orders
from services.routing.store.threads import joined_contacts
from shared.bus.transaction import Transaction
from shared.db import Prepared, fetch, insert_together, update_rows
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

_LOAD: Final = Prepared(
    select(*_STATE).where(work_orders.c.id == any_(_IDS)).order_by(work_orders.c.id).with_for_update()
)


Key = Literal["work_order_id", "number", "contact_id"]
"""What a work order can be found by."""


def insert(
    tx: Transaction,
    fresh: Sequence[tuple[WorkOrder, Matter]],
    events: Sequence[WorkorderOpened | WorkorderStep],
) -> None:
    """Have work orders just opened written, with what the customers wrote and the first steps of each history."""
    tx.insert(work_orders, [_row(work_order, _FIELDS, tx.now) for work_order, _ in fresh])
    tx.insert(matters, [{"work_order_id": one.id, "matter": matter_json(matter)} for one, matter in fresh])
    for table, rows in history_rows(events, tx.now).items():
        tx.insert(table, rows)


async def load(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, WorkOrder]:
    """Return the work orders with these ids, locked until the commit; unknown ids are left out."""
    rows = await fetch(connection, _LOAD, {"ids": sorted(set(ids))})
    return {row.id: _work_order(dict(row)) for row in rows}


async def save(
    connection: AsyncConnection, changed: Sequence[WorkOrder], events: Sequence[WorkorderStep], now: datetime
) -> None:
    """Write work orders after their steps, and the steps into the history."""
    await update_rows(connection, work_orders, [_row(work_order, _CHANGING, now) for work_order in changed])
    await insert_together(connection, list(history_rows(events, now).items()))
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
    return _work_order(dict(row._mapping)), (await connection.execute(query)).all()  # noqa: SLF001 (SQLAlchemy's public way to a row's names)


def _row(work_order: WorkOrder, names: Sequence[str], now: datetime) -> Mapping[str, Any]:
    return {name: getattr(work_order, name) for name in names} | {"updated_at": now}


def _work_order(values: dict[str, Any]) -> WorkOrder:
    return WorkOrder(**values | {name: tuple(values[name]) for name in _LISTS})
