"""Takes one schema through the revisions that it lacks, without holding up the services that work on it (ADR 0026).

A statement waits for its lock a moment only: whoever comes after it in the queue waits as long. Then the transaction is
given up, the traffic flows, and it is tried again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.provision.chain import Chain
from shared.provision.errors import ProvisionError
from shared.provision.revisions import Steps, revisions_of, scripts_of, transactions
from shared.provision.versions import create_version_table, read_version

LOCK_SECONDS: Final = 0.3
"""So long a statement may stand in a table's queue, and everybody else behind it."""
CONCURRENT_LOCK_SECONDS: Final = 10.0
"""The same for what is built beside the traffic: nobody waits behind it."""
PAUSE_SECONDS: Final = 0.7
ATTEMPTS: Final = 60
_LOCK_NOT_AVAILABLE, _DEADLOCK = "55P03", "40P01"

_INVALID = """SELECT format('DROP INDEX CONCURRENTLY %I.%I', n.nspname, c.relname) FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND n.nspname = :schema"""


@dataclass(frozen=True, slots=True)
class Migration:
    """The way of one schema to the head of its chain, as the role `owner`; without one as whoever provisions."""

    chain: Chain
    owner: str | None = None
    attempts: int = ATTEMPTS

    async def run(self, connection: AsyncConnection) -> list[str]:
        """Apply what is missing and return a line for each revision; a failed one leaves the schema at the one before.

        `connection` has no transaction open, before and after.
        """
        async with connection.begin():
            version = await read_version(connection, self.chain.schema)
            known = await connection.scalar(text("SELECT to_regnamespace(:name)"), {"name": f'"{self.chain.schema}"'})
        at = version.revision if version is not None else None
        if at is not None and at not in self.chain.revisions:
            return []  # made by newer code; whether this one runs on it is for the check to say
        scripts = scripts_of(self.chain)
        pending = [one for one in revisions_of(scripts) if at is None or one.number > at]
        for together in transactions(pending):
            await self._apply(connection, Steps(self.chain, scripts, together), at)
            at = together[-1].number
        created = [f"schema {self.chain.schema} created"] if known is None else []
        return created + [f"schema {self.chain.schema}: revision {one.number}, {one.says}" for one in pending]

    async def _apply(self, connection: AsyncConnection, steps: Steps, at: str | None) -> None:
        run = self._concurrently if steps.together[0].concurrently else self._in_transaction
        try:
            await patiently(lambda: run(connection, steps, at), self.attempts)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            stays = f"stays at revision {at}" if at is not None else "is not created"
            failed = f"its revision {steps.current.number} ({steps.current.says}) failed"
            raise ProvisionError(f"the schema {self.chain.schema} {stays}: {failed}: {reason_of(error)}") from error

    async def _in_transaction(self, connection: AsyncConnection, steps: Steps, at: str | None) -> None:
        async with connection.begin():
            await _execute(connection, f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
            if at is None:
                owned = f'AUTHORIZATION "{self.owner}"' if self.owner is not None else ""
                await _execute(connection, f'CREATE SCHEMA IF NOT EXISTS "{self.chain.schema}" {owned}')
            if self.owner is not None:
                await _execute(connection, f'SET LOCAL ROLE "{self.owner}"')
            if at is None:
                await _execute(connection, create_version_table(self.chain.schema))
            await connection.run_sync(steps.run)

    async def _concurrently(self, connection: AsyncConnection, steps: Steps, _at: str | None) -> None:
        """Run one step outside a transaction; what it leaves half built is removed, so that it can begin anew."""
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        try:
            await _execute(connection, f"SET lock_timeout = '{CONCURRENT_LOCK_SECONDS}s'")
            if self.owner is not None:
                await _execute(connection, f'SET ROLE "{self.owner}"')
            await self._drop_half_built(connection)
            try:
                await connection.run_sync(steps.run)
            except SQLAlchemyError:
                if not connection.invalidated:  # else the next one does it
                    await self._drop_half_built(connection)
                raise
        finally:
            if not connection.invalidated:
                await _execute(connection, "RESET ROLE")
                await _execute(connection, "RESET lock_timeout")
                await connection.commit()
                await connection.execution_options(isolation_level="READ COMMITTED")

    async def _drop_half_built(self, connection: AsyncConnection) -> None:
        """Remove indexes that PostgreSQL keeps up but never uses, since their building was broken off."""
        for statement in (await connection.scalars(text(_INVALID), {"schema": self.chain.schema})).all():
            await _execute(connection, statement)


def reason_of(error: BaseException) -> str:
    """Return in one line what PostgreSQL says, without the driver's words around it."""
    original = getattr(error, "orig", None) or error
    said = " ".join(str(original).split()).rpartition("'>: ")[2] or type(error).__name__
    if getattr(original, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
        return f"{said}; some transaction holds its table for long, see pg_stat_activity"
    return said


async def patiently(run: Callable[[], Awaitable[None]], attempts: int) -> None:
    """Repeat `run` while somebody else holds what it needs, with pauses in which the others work."""
    for left in reversed(range(attempts)):
        try:
            await run()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in {_LOCK_NOT_AVAILABLE, _DEADLOCK} or not left:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return


async def _execute(connection: AsyncConnection, statement: str) -> None:
    await connection.execute(text(statement))
