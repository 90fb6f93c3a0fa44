"""The end of a batch: whoever asked waits 45 seconds for it (`Transport.send`), and would know of no message after that."""

import asyncio
from collections.abc import Awaitable
from typing import Final

from services.notify.ports import Outcome, Unknown

BATCH_SECONDS: Final = 35.0
"""A batch that a slow vendor stretches beyond this is broken off between two messages; the rest is tried later."""
END_SECONDS: Final = 45.0
"""By then it ends in the middle of a message, however long the policy would wait for one answer."""


class InTime:
    """The time of one batch, which begins now."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()

    def is_over(self) -> bool:
        """Whether no further message is to begin."""
        return self._loop.time() - self._began > BATCH_SECONDS

    async def outcome(self, coming: Awaitable[Outcome]) -> Outcome:
        """Return what comes of a message; unknown where the batch has to end before it does (R-NT-04)."""
        try:
            async with asyncio.timeout_at(self._began + END_SECONDS):
                return await coming
        except TimeoutError:
            return Unknown("no answer before the end of the batch")
