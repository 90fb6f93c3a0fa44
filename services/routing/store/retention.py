"""Which work orders have had their time, and what goes with them (`YINGDA_RECORDS_DAYS`, ADR 0017)."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, delete, exists, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.store.early import early_completions
from services.routing.store.identities import identities, wrong_answers
from services.routing.store.tables import ENDED, collaborations, matters, promises, steps, work_orders
from services.routing.store.threads import contacts_of, joined_contacts, messages
from shared.bus.transaction import Transaction
from shared.events import WorkorderExpired
from shared.ids import new_id
from shared.retention import Expiry, remove

_OF_WORK_ORDER: Final = tuple(
    table.c.work_order_id
    for table in (matters, steps, promises, collaborations, wrong_answers, messages, joined_contacts)
)


def closed_work_orders(days: int) -> Expiry:
    """Return what expires: work orders that ended `days` ago, with their history. Every other service is told."""
    return Expiry(
        work_orders,
        work_orders.c.updated_at,
        days,
        when=text(ENDED),
        of=(work_orders.c.id, work_orders.c.contact_id, work_orders.c.customer_id),
        follow=_follow,
    )


async def _follow(tx: Transaction, rows: Sequence[Row[Any]]) -> None:
    ids = [row.id for row in rows]
    contacts = [*(row.contact_id for row in rows), *await contacts_of(tx.connection, ids)]
    for column in _OF_WORK_ORDER:
        await remove(tx.connection, column, ids)
    await remove(tx.connection, early_completions.c.contact_id, contacts)
    await _forget_strangers(tx.connection, sorted({row.customer_id for row in rows}))
    told = WorkorderExpired(work_order_ids=tuple(ids), contact_ids=tuple(contacts), at=tx.now)
    tx.emit(told, subject=new_id())


async def _forget_strangers(connection: AsyncConnection, customers: Sequence[str]) -> None:
    """Forget how those of `customers` are known who have no work order any more."""
    known = exists().where(work_orders.c.customer_id == identities.c.customer_id)
    await connection.execute(delete(identities).where(identities.c.customer_id.in_(customers), ~known))
