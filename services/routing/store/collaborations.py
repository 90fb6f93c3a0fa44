"""Collaborations and promises of a work order (R-RT-09, R-RT-10)."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import ARRAY, Text, any_, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.domain.collaboration import Collaboration
from services.routing.domain.workorder import ENDED
from services.routing.store.tables import collaborations, promises
from shared.db import update_rows
from shared.events import WorkorderDelivered, WorkorderOpened, WorkorderStep

_COLUMNS: Final = tuple(collaborations.c[field.name] for field in fields(Collaboration))
_END: Final = (
    update(collaborations)
    .where(collaborations.c.work_order_id == any_(bindparam("ids", type_=ARRAY(Text))))
    .where(collaborations.c.state == "open")
    .values(state="cancelled")
)


async def collaboration(connection: AsyncConnection, collaboration_id: str) -> Collaboration | None:
    """Return the collaboration; None where there is none. The lock of its work order guards it."""
    row = (await connection.execute(select(*_COLUMNS).where(collaborations.c.id == collaboration_id))).one_or_none()
    return None if row is None else Collaboration(**row._mapping)  # noqa: SLF001 (public name)


async def collaborations_of(connection: AsyncConnection, work_order_id: str) -> list[Collaboration]:
    """Return the collaborations of a work order, the first asked for first."""
    query = select(*_COLUMNS).where(collaborations.c.work_order_id == work_order_id)
    rows = await connection.execute(query.order_by(collaborations.c.at, collaborations.c.id))
    return [Collaboration(**row._mapping) for row in rows]  # noqa: SLF001 (public name)


async def promises_of(connection: AsyncConnection, work_order_id: str) -> list[Mapping[str, Any]]:
    """Return `promised_at`, `text`, `by` and `at` of every promise to the customer, in their order."""
    columns = promises.c.promised_at, promises.c.text, promises.c.by, promises.c.at
    query = select(*columns).where(promises.c.work_order_id == work_order_id).order_by(promises.c.version)
    return [dict(row) for row in (await connection.execute(query)).mappings()]


async def follow(connection: AsyncConnection, events: Iterable[WorkorderOpened | WorkorderStep]) -> None:
    """Write what `events` mean for collaborations: delivered, declined, or cancelled with the end of the work order."""
    steps = [event for event in events if isinstance(event, WorkorderStep)]
    delivered = [
        {
            "id": event.collaboration_id,
            "state": "declined" if event.declined else "delivered",
            "delivered_by": event.by,
            "delivered_at": event.at,
            "result": event.text,
        }
        for event in steps
        if isinstance(event, WorkorderDelivered)
    ]
    await update_rows(connection, collaborations, delivered)
    ended = sorted({event.work_order_id for event in steps if event.status in ENDED})
    if ended:
        await connection.execute(_END, {"ids": ended})
