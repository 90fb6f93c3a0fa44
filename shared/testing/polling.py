"""The one place that asks again and again: for what no event tells, as a file, a lock, another process's metrics."""

import asyncio
import inspect
import time
from collections.abc import Callable


class NotInTimeError(AssertionError):
    """What was waited for did not come."""


async def until(check: Callable[[], object], seconds: float | None, *, every: float = 0.05, said: str = "it") -> None:
    """Return as soon as `check`, or what it awaits, holds; it is asked again `every` so many seconds.

    `NotInTimeError` where it does not hold within `seconds`; None is for ever.
    """
    try:
        async with asyncio.timeout(seconds) as limit:
            while not (await told if inspect.isawaitable(told := check()) else told):  # noqa: ASYNC110 (no event)
                await asyncio.sleep(every)
    except TimeoutError:
        if not limit.expired():  # it is what `check` has to tell
            raise
        raise NotInTimeError(f"{said}: not within {seconds} s") from None


class Rest:
    """For how long what is looked at again and again has not moved."""

    def __init__(self) -> None:
        self._told: object = None
        self._since = time.monotonic()

    def seconds(self, told: object) -> float:
        """Return since when each look has told the same; None is told of what moves."""
        if told is None or told != self._told:
            self._told, self._since = told, time.monotonic()
        return time.monotonic() - self._since
