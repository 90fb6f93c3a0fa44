"""Asking again and again, for the tests; whatever tells of itself is awaited instead."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.testing.polling import NotInTimeError, Rest, until

__all__ = ["NotInTimeError", "Rest", "until", "until_a_lock_is_awaited"]

_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


async def until_a_lock_is_awaited(engine: AsyncEngine, seconds: float = 60) -> None:
    """Return when a session of the server waits for another one; the server does not tell of locks."""

    async def waiting() -> bool:
        async with engine.connect() as connection:
            return bool(await connection.scalar(_WAITING))

    await until(waiting, seconds, every=0.01, said="somebody waits for a lock")
