"""Which work orders have no case, for the reconciliation (guarantee 6)."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import ARRAY, Text, any_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.feedback.store.tables import cases

_KNOWN: Final = select(cases.c.work_order_id).where(cases.c.work_order_id == any_(bindparam("ids", type_=ARRAY(Text))))


async def without_case(connection: AsyncConnection, work_order_ids: Collection[str]) -> set[str]:
    """Return those of the work orders that have no case."""
    return set(work_order_ids) - set(await connection.scalars(_KNOWN, {"ids": list(work_order_ids)}))
