"""Makes a service's account: the versions it has applied, its dead letters, and how far it has come."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final, Literal

from pydantic_core import from_json
from sqlalchemy import ARRAY, Integer, Text, bindparam, column, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.position import Position
from shared.bus.tables import RuntimeTables
from shared.reconciliation.account import Account, Standing

Entity = Literal["contact_id", "work_order_id"]
MOST_LETTERS: Final = 20_000
"""Dead letters that are looked through, the latest; only where something is missing."""
_ACCOUNTED: Final = ("open", "discarded")
"""What was replayed must be in the tables, or it is missing."""


class Accountant:
    """Answers for one service."""

    def __init__(self, tables: RuntimeTables, position: Callable[[], Awaitable[Position]]) -> None:
        self._tables = tables
        self._position = position

    async def account(
        self,
        connection: AsyncConnection,
        entity: Entity,
        absent: Collection[str],
        found: Mapping[str, tuple[str, int]] | None = None,
    ) -> dict[str, Any]:
        """Return the account of a service whose tables lack `absent`, as the reply to the question."""
        letters = await self._in_letters(connection, entity, set(absent)) if absent else set()
        return Account(
            found=found or {},
            missing=tuple(sorted(set(absent) - letters)),
            letters=tuple(sorted(letters)),
            standing=await self.standing(connection),
        ).model_dump(mode="json")

    async def behind(self, connection: AsyncConnection, work_orders: Mapping[str, int]) -> set[str]:
        """Return the work orders of which this service has not applied the given version."""
        versions = self._tables.versions
        arrays = bindparam("ids", type_=ARRAY(Text)), bindparam("wanted", type_=ARRAY(Integer))
        given = func.unnest(*arrays).table_valued(column("id", Text), column("wanted", Integer)).render_derived()
        query = (
            select(given.c.id)
            .outerjoin(versions, versions.c.work_order_id == given.c.id)
            .where(func.coalesce(versions.c.version, 0) < given.c.wanted)
        )
        found = await connection.scalars(query, {"ids": list(work_orders), "wanted": list(work_orders.values())})
        return set(found)

    async def standing(self, connection: AsyncConnection) -> Standing:
        """Return how far the service has come."""
        outbox = self._tables.outbox
        age = func.extract("epoch", func.clock_timestamp() - func.min(outbox.c.created_at))
        unsent = await connection.scalar(select(age).where(outbox.c.sent_at.is_(None)))
        position = await self._position()
        return Standing(
            published=position.published,
            applied=position.applied,
            waiting=position.waiting,
            unsent_seconds=max(0.0, float(unsent or 0)),
        )

    async def _in_letters(self, connection: AsyncConnection, entity: Entity, ids: set[str]) -> set[str]:
        letters = self._tables.dead_letters
        query = (
            select(letters.c.body)
            .where(letters.c.state.in_(_ACCOUNTED))
            .order_by(letters.c.id.desc())
            .limit(MOST_LETTERS)
        )
        return {key for body in await connection.scalars(query) if (key := _named(body, entity)) in ids}


def _named(body: bytes, entity: Entity) -> str:
    """Return the id that the event in `body` is about, an empty one where it cannot be read."""
    try:
        return str(from_json(body)["data"][entity])
    except (ValueError, KeyError, TypeError):
        return ""
