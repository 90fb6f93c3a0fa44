"""Which work orders lack a clock that was started for them, for the reconciliation (guarantee 6)."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import ARRAY, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

# `armed` says which metric was started up to which cycle; its last clock must be there, whatever has become of it.
_INCOMPLETE: Final = text(
    """
    SELECT given.id
    FROM unnest(:ids) AS given(id) LEFT JOIN sla.subjects AS subject ON subject.id = given.id
    WHERE subject.category IS NULL
       OR NOT EXISTS (SELECT FROM sla.clocks WHERE owner = given.id)
       OR EXISTS (
           SELECT FROM jsonb_each_text(subject.armed) AS started(metric, cycle)
           WHERE started.cycle::integer > 0 AND NOT EXISTS (
               SELECT FROM sla.clocks AS clock
               WHERE clock.owner = given.id AND clock.metric = started.metric
                 AND clock.cycle >= started.cycle::integer
           )
       )
    """
).bindparams(bindparam("ids", type_=ARRAY(Text)))


async def incomplete(connection: AsyncConnection, work_order_ids: Collection[str]) -> set[str]:
    """Return those of the work orders that are not known, have no clock, or lack one that was started."""
    return set(await connection.scalars(_INCOMPLETE, {"ids": list(work_order_ids)}))
