"""Who is at work, and what everybody has in hand (R-RT-08, R-SLA-07)."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ARRAY, Row, Text, any_, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.routing.domain.presence import Seen
from services.routing.store.tables import IN_HAND, presence, work_orders
from shared.db import Prepared, fetch, insert_rows
from shared.events import AgentPresenceChanged

_IDS: Final = bindparam("ids", type_=ARRAY(Text))
_SEEN: Final = Prepared(select(presence).where(presence.c.agent_id == any_(_IDS)))
_IN_HAND: Final = (
    select(work_orders.c.id, work_orders.c.number, work_orders.c.status, func.count().over().label("of"))
    .where(work_orders.c.assignee == bindparam("assignee"))
    .where(text(IN_HAND))
    .order_by(work_orders.c.occurred_at, work_orders.c.id)
    .limit(bindparam("most"))
)


async def seen(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, Seen]:
    """Return the presence of those among `ids` who ever told one; everybody else is available."""
    rows = await fetch(connection, _SEEN, {"ids": sorted(set(ids))})
    return {row.agent_id: Seen(row.state, row.since) for row in rows}


async def save_presence(connection: AsyncConnection, event: AgentPresenceChanged) -> None:
    """Write the presence that `event` tells of."""
    row = {
        "agent_id": event.agent_id,
        "department": event.department,
        "state": event.state,
        "since": event.at,
        "by": event.by,
    }
    await insert_rows(connection, presence, [row], update_on=("agent_id",))


async def in_hand(connection: AsyncConnection, assignee: str, most: int) -> tuple[int, list[Row[Any]]]:
    """Return how many open work orders `assignee` has, and `id`, `number` and `status` of the oldest `most` of them."""
    rows = (await connection.execute(_IN_HAND, {"assignee": assignee, "most": most})).all()
    return (rows[0].of if rows else 0), list(rows)
