"""BEGIN travels with the first statement of a transaction, as PostgreSQL's pipelines do, and is not waited for.

It costs the client 25 µs and PostgreSQL as much, and a transaction of ten round trips has one less. Every other message
of a statement asks for its answer at once (Sync); BEGIN alone does not, so that its answer comes with that of the
statement behind it, where asyncpg passes over it. Whatever fails fails in that statement.
"""

import struct
from typing import Any


def _message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!i", 4 + len(content)) + content


_BEGIN = (
    _message(b"P", b"\0BEGIN\0" + struct.pack("!h", 0))  # Parse: no name, no parameters
    + _message(b"B", b"\0\0" + struct.pack("!hhh", 0, 0, 0))  # Bind: no names, no formats, no values
    + _message(b"E", b"\0" + struct.pack("!i", 0))  # Execute: no name, all of it
)


class Begun:
    """A transaction that has begun, as SQLAlchemy's adapter ends it."""

    __slots__ = ("_driver",)

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    async def commit(self) -> None:
        """End it with its effects."""
        await self._driver.execute("COMMIT")

    async def rollback(self) -> None:
        """End it without them."""
        await self._driver.execute("ROLLBACK")


def may_travel(adapted: Any) -> bool:
    """Return whether BEGIN can go with the next statement of SQLAlchemy's adapter of a connection of asyncpg.

    It can where no transaction has begun, none of a certain kind is asked for, and the connection is there.
    """
    begun = adapted._transaction is not None  # noqa: SLF001 (no public door; the versions are pinned)
    if begun or adapted.isolation_level is not None or adapted.readonly or adapted.deferrable:
        return False
    driver = adapted.driver_connection
    return not driver.is_closed() and not driver._transport.is_closing()  # noqa: SLF001 (as above)


def begin_with_next(adapted: Any) -> None:
    """Begin a transaction; what the connection is given next must be a prepared statement."""
    driver = adapted.driver_connection
    driver._transport.write(_BEGIN)  # noqa: SLF001 (as above)
    adapted._transaction = Begun(driver)  # noqa: SLF001 (as above)
