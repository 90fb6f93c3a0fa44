"""Which senders are alive: each holds an advisory lock that PostgreSQL gives back the moment its process is gone.

So what a killed process left in its hands is found at once and need not wait for the end of its lease.
"""

import secrets
from contextlib import suppress

from sqlalchemy import BigInteger, Select, cast, column, func, select, table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_SPACE = 0x4E54  # "NT"; keeps these locks apart from others of the database
_LOCKS = table(
    "pg_locks", column("locktype"), column("classid"), column("objid"), column("database"), schema="pg_catalog"
)


class Presence:
    """The sign of life of one sender, as long as its connection lasts."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.id = secrets.randbelow(2**31 - 1) + 1
        self._engine = engine
        self._connection: AsyncConnection | None = None

    @property
    def held(self) -> bool:
        """Whether this sender shows that it is alive, as far as is known."""
        return self._connection is not None

    async def ensure(self) -> None:
        """Hold the lock from now on; a connection that was lost is opened again."""
        if self._connection is not None:
            try:
                await self._connection.execute(text("SELECT 1"))
            except (DBAPIError, OSError):
                await self.close()
            else:
                return
        connection = await self._engine.connect()
        try:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(select(func.pg_advisory_lock(_SPACE, self.id)))
        except BaseException:
            await connection.close()
            raise
        self._connection = connection

    async def close(self) -> None:
        """Give the lock back, with the connection that holds it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError, OSError):
                await connection.invalidate()  # closed for good: a pooled connection would keep the lock
                await connection.close()


def alive() -> Select[int]:
    """Return the query for the ids of all senders of this database that are alive."""
    return select(cast(_LOCKS.c.objid, BigInteger)).where(
        _LOCKS.c.locktype == "advisory",
        cast(_LOCKS.c.classid, BigInteger) == _SPACE,
        _LOCKS.c.database
        == select(text("oid"))
        .select_from(text("pg_database"))
        .where(text("datname = current_database()"))
        .scalar_subquery(),
    )
