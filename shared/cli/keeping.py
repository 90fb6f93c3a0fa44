"""Keeps something running: started again whenever it ends, after pauses that grow while it keeps failing."""

import asyncio
from collections.abc import Awaitable, Callable

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
STABLE_SECONDS = 60.0
"""What has lived this long begins with the shortest pause again."""


class Pauses:
    """The pause before each restart: doubled from one to the next, the shortest again after a long life."""

    def __init__(self) -> None:
        self._next = FIRST_PAUSE_SECONDS

    def after(self, lived_seconds: float) -> float:
        """Return the pause before the restart of what has lived so long."""
        pause = FIRST_PAUSE_SECONDS if lived_seconds >= STABLE_SECONDS else self._next
        self._next = min(pause * 2, LONGEST_PAUSE_SECONDS)
        return pause


async def keep(
    name: str,
    start: Callable[[], Awaitable[None]],
    ended: Callable[[], Awaitable[str]],
    tell: Callable[[str], None],
) -> None:
    """Start, wait for the end, start again, until cancelled.

    `start` returns when it works or raises why it does not, `ended` returns in words how it ended; each end is told.
    """
    loop = asyncio.get_running_loop()
    pauses = Pauses()
    while True:
        began = loop.time()
        try:
            await start()
        except Exception as error:  # noqa: BLE001 (whatever keeps it from starting now may be gone later)
            how = f"cannot start: {' '.join(str(error).split()) or type(error).__name__}"
        else:
            how = await ended()
        pause = pauses.after(loop.time() - began)
        tell(f"{name} {how}; next attempt in {pause:g} s")
        await asyncio.sleep(pause)
