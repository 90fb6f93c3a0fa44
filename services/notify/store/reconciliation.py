"""Which work orders lack the notice that they were accepted, for the reconciliation (guarantee 6)."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import ARRAY, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

# A notice that was not sent is there too, with its state and the reason. What was moved may have been opened under a
# category that brings none, which is kept by nobody.
_UNNOTICED: Final = text(
    """
    SELECT given.id
    FROM unnest(:ids) AS given(id) LEFT JOIN notify.work_orders AS work_order ON work_order.work_order_id = given.id
    WHERE work_order.work_order_id IS NULL
       OR (
           work_order.moved = 1 AND work_order.category <> ALL(:silent) AND NOT EXISTS (
               SELECT FROM notify.notifications AS notice
               WHERE notice.work_order_id = given.id
                 AND notice.purpose = 'accepted' AND notice.audience = 'customer'
           )
       )
    """
).bindparams(bindparam("ids", type_=ARRAY(Text)), bindparam("silent", type_=ARRAY(Text)))


async def unnoticed(connection: AsyncConnection, work_order_ids: Collection[str], silent: Collection[str]) -> set[str]:
    """Return those of the work orders that are not known, or whose customer was to be told and was not.

    `silent` are the categories of what the house planned itself.
    """
    return set(await connection.scalars(_UNNOTICED, {"ids": list(work_order_ids), "silent": list(silent)}))
