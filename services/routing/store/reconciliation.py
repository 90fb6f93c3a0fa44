"""Which work orders contacts have become, for the reconciliation (guarantee 6)."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ARRAY, Text, any_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.store.tables import work_orders

_OF_CONTACTS: Final = select(work_orders.c.contact_id, work_orders.c.id, work_orders.c.version).where(
    work_orders.c.contact_id == any_(bindparam("ids", type_=ARRAY(Text)))
)


async def work_orders_of(connection: AsyncConnection, contact_ids: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Return by contact the id and the version of its work order; contacts without one are left out."""
    rows = await connection.execute(_OF_CONTACTS, {"ids": list(contact_ids)})
    return {row.contact_id: (row.id, row.version) for row in rows}
