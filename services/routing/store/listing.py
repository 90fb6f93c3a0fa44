"""Work orders by any of their marks, and what belongs to one beside its own row (R-RT-08, R-RT-11)."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import ARRAY, Row, Text, any_, bindparam, cast, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.store.tables import TAGGED, steps, work_orders
from shared.events.commands import ListWorkorders

_TOLD: Final = (
    "id", "number", "contact_id", "customer_id", "channel", "category", "topic", "grade", "sensitive", "department",
    "queue", "status", "version", "cycle", "assignee", "tags", "tier", "missing_fields", "verification_reasons",
    "verified", "links", "merged_into", "occurred_at", "opened_at",
)  # fmt: skip
_COLUMNS: Final = tuple(work_orders.c[name] for name in _TOLD)
_TAGS: Final = text(
    f"SELECT DISTINCT tag FROM {work_orders.fullname}, jsonb_array_elements_text(tags) AS tag "
    "WHERE customer_id = :customer_id"
)
_LINKED: Final = select(
    work_orders.c.id, work_orders.c.number, work_orders.c.status, work_orders.c.category, work_orders.c.department
).where(work_orders.c.id == any_(bindparam("ids", type_=ARRAY(Text))))


async def listed(connection: AsyncConnection, wanted: ListWorkorders, most: int) -> Sequence[Row[Any]]:
    """Return at most `most` work orders that are as wanted, the newest first."""
    query = select(*_COLUMNS).order_by(work_orders.c.opened_at.desc(), work_orders.c.number.desc()).limit(most)
    for name in ("department", "assignee", "customer_id", "status", "queue"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(work_orders.c[name] == value)
    if wanted.tag is not None:
        query = query.where(work_orders.c.tags.contains(cast([wanted.tag], JSONB)), text(TAGGED))
    return (await connection.execute(query)).all()


async def customer_tags(connection: AsyncConnection, customer_id: str) -> list[str]:
    """Return the tags of all work orders of a customer, each once."""
    return sorted((await connection.execute(_TAGS, {"customer_id": customer_id})).scalars())


async def linked_with(connection: AsyncConnection, ids: Iterable[str]) -> Sequence[Any]:
    """Return what a reader wants to know of the work orders with these ids."""
    wanted = sorted(set(ids))
    return (await connection.execute(_LINKED, {"ids": wanted})).all() if wanted else ()


async def verification(connection: AsyncConnection, work_order_id: str) -> Row[Any] | None:
    """Return who verified the customer of a work order, when and by what; None where nobody has."""
    query = select(steps.c.by, steps.c.at, steps.c.details["identifier"].astext.label("identifier"))
    found = query.where(steps.c.work_order_id == work_order_id, steps.c.step == "verified")
    return (await connection.execute(found)).one_or_none()
