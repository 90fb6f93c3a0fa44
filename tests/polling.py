"""The one place where a test asks again and again: for what no event tells, as a file, a lock, another process's metrics."""

import asyncio
import inspect
from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


class NotInTimeError(AssertionError):
    """What a test waited for did not come."""


async def until(check: Callable[[], object], seconds: float | None, *, every: float = 0.05, said: str = "it") -> None:
    """Return as soon as `check`, or what it awaits, holds; it is asked again `every` so many seconds.

    `NotInTimeError` where it does not hold within `seconds`; None is for ever.
    """
    try:
        async with asyncio.timeout(seconds) as limit:
            while not (await told if inspect.isawaitable(told := check()) else told):
                await asyncio.sleep(every)
    except TimeoutError:
        if not limit.expired():  # it is what `check` has to tell
            raise
        raise NotInTimeError(f"{said}: not within {seconds} s") from None


async def until_a_lock_is_awaited(engine: AsyncEngine, seconds: float = 10) -> None:
    """Return when a session of the server waits for another one; the server does not tell of locks."""

    async def waiting() -> bool:
        async with engine.connect() as connection:
            return bool(await connection.scalar(_WAITING))

    await until(waiting, seconds, every=0.01, said="somebody waits for a lock")
