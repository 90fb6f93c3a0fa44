"""The labelled examples with their texts, for whoever trains or measures a classifier (R-RT-01)."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.domain.example import Example
from services.routing.store.tables import examples as decisions
from services.routing.store.tables import matters

_EXAMPLES: Final = (
    select(
        decisions.c.work_order_id,
        decisions.c.category,
        decisions.c.topic,
        decisions.c.suggested_category,
        decisions.c.suggested_topic,
        decisions.c.by,
        decisions.c.at,
        matters.c.matter,
    )
    .join(matters, matters.c.work_order_id == decisions.c.work_order_id)
    .ext(distinct_on(decisions.c.work_order_id))  # the last word counts: two labels for one text teach nothing
    .order_by(decisions.c.work_order_id, decisions.c.version.desc())
)


async def examples(connection: AsyncConnection) -> list[Example]:
    """Return one example for every work order that a person classified, the oldest decision first.

    Where a person decided twice, the last decision counts. What was erased is left out.
    """
    found = [
        Example(
            work_order_id=row.work_order_id,
            text=row.matter.get("text", ""),
            details=row.matter.get("details", {}),
            category=row.category,
            topic=row.topic,
            suggested_category=row.suggested_category,
            suggested_topic=row.suggested_topic,
            by=row.by,
            at=row.at,
        )
        for row in await connection.execute(_EXAMPLES)
    ]
    return sorted(found, key=lambda one: (one.at, one.work_order_id))
