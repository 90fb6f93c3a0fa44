"""How a process ends: one deadline for everything that stops, begun by the signal (R-IN-06: nothing in hand is lost)."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import structlog

from shared.bus.failures import told

WORK_SECONDS = 7.5
"""What is in hand may take so long after the signal: batches, commands, requests, turns of loops."""
CLOSE_SECONDS = 8.5
"""Then connections are closed, until so long after the signal."""
GONE_SECONDS = 9.0
"""A process that still lives after this ends as a crash would, which loses nothing either (`shared.cli.run`)."""

T = TypeVar("T")

log = structlog.get_logger()


class Ending:
    """The end of one process: everything that stops shares the time that is left, instead of having its own."""

    def __init__(self, on_begin: Callable[[], None] | None = None) -> None:
        """`on_begin` is called once, when the end begins."""
        self.asked = asyncio.Event()
        self._on_begin = on_begin
        self._began = 0.0  # on the loop's own clock

    def begin(self) -> None:
        """Begin to end; a second call changes nothing."""
        if self.asked.is_set():
            return
        self._began = asyncio.get_running_loop().time()
        self.asked.set()
        if self._on_begin is not None:
            self._on_begin()

    async def unless_asked(self, starting: Coroutine[Any, Any, T]) -> T | None:
        """Return what has started; None where the end was asked for before, as while a server is away."""
        start, told = asyncio.create_task(starting), asyncio.create_task(self.asked.wait())
        await asyncio.wait({start, told}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if start.done():
            return start.result()
        start.cancel()
        await asyncio.gather(start, return_exceptions=True)
        return None

    async def stop(self, seconds: float, **stops: Callable[[], Awaitable[None]]) -> None:
        """Let all `stops` work side by side; each is cut off so many `seconds` after the end began. Never raises."""
        self.begin()
        await asyncio.gather(*(self._stop(name, stop, seconds) for name, stop in stops.items()))

    async def _stop(self, name: str, stop: Callable[[], Awaitable[None]], seconds: float) -> None:
        try:
            async with asyncio.timeout_at(self._began + seconds):
                await stop()
        except TimeoutError:
            log.warning("cut off", what=name, seconds=seconds)
        except Exception as error:  # noqa: BLE001 (whatever does not stop in order, the others shall)
            log.warning("not stopped in order", what=name, **told(error))
