"""Which work orders contacts have become, for the reconciliation (guarantee 6)."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ARRAY, Text, any_, bindparam, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.store.tables import work_orders
from services.routing.store.threads import joined_contacts

_IDS: Final = bindparam("ids", type_=ARRAY(Text))
_OF_CONTACTS: Final = union_all(
    select(work_orders.c.contact_id, work_orders.c.id, work_orders.c.version).where(
        work_orders.c.contact_id == any_(_IDS)
    ),
    select(joined_contacts.c.contact_id, work_orders.c.id, work_orders.c.version)
    .join(work_orders, work_orders.c.id == joined_contacts.c.work_order_id)
    .where(joined_contacts.c.contact_id == any_(_IDS)),
)


async def work_orders_of(connection: AsyncConnection, contact_ids: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Return by contact the id and the version of the work order that it opened or joined; others are left out."""
    rows = await connection.execute(_OF_CONTACTS, {"ids": list(contact_ids)})
    return {row.contact_id: (row.id, row.version) for row in rows}
