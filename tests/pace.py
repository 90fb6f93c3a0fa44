"""The one place where a test lets time pass, because the time itself is what happens: a plan's moments, a rate, a fault."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime


async def lasts(seconds: float) -> None:
    """Return after `seconds`: as long as a fault lasts, or a step of the work takes."""
    await asyncio.sleep(seconds)


async def at(moment: float | datetime) -> None:
    """Return at `moment`, on the loop's clock or on this machine's; at once where it is over."""
    if isinstance(moment, datetime):
        left = (moment - datetime.now(UTC)).total_seconds()
    else:
        left = moment - asyncio.get_running_loop().time()
    await lasts(max(0.0, left))


async def steadily(rate: float, count: int | None = None) -> AsyncIterator[int]:
    """Yield 0, 1, 2 … at `rate` a second, the first at once; for ever without `count`. Who is late catches up."""
    began = asyncio.get_running_loop().time()
    for number in itertools.count() if count is None else range(count):
        await at(began + number / rate)
        yield number
