"""A batch of requests: several at once, each with its outcome, all within the time of a batch."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from services.notify.plugins.in_time import InTime
from services.notify.ports import Outbound, Outcome, Retry

AT_ONCE: Final = 8

Send = Callable[[Outbound], Awaitable[Outcome]]


class AwayError(Exception):
    """The vendor cannot be reached at all, so the rest of the batch need not try."""


async def each(messages: Sequence[Outbound], send: Send, *, at_once: int = AT_ONCE) -> list[Outcome]:
    """Return an outcome for each message. Where `send` raises `AwayError`, all that have not begun are tried later."""
    outcomes: list[Outcome] = [Retry("the vendor is too slow")] * len(messages)
    waiting = iter(enumerate(messages))
    time = InTime()
    away: Retry | None = None

    async def work() -> None:
        nonlocal away
        for number, out in waiting:
            if away is not None:
                outcomes[number] = away
            elif not time.is_over():
                try:
                    outcomes[number] = await time.outcome(send(out))
                except AwayError as error:
                    away = Retry(str(error))
                    outcomes[number] = away

    await asyncio.gather(*(work() for _ in range(min(at_once, len(messages)))))
    return outcomes
