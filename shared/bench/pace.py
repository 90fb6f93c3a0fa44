"""Sending at planned moments, whether answers come or not."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from typing import Final

LEAD_SECONDS: Final = 0.2


class _Pace:
    """Sends one line after the other from the loop's own timer: a task that sleeps costs twice as much for each."""

    def __init__(self, send: Callable[[bytes], None], lines: Sequence[bytes], rate: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._send = send
        self._lines = lines
        self._every = 1 / rate
        self._begin = time.monotonic() + LEAD_SECONDS
        self.sent: list[float] = []
        self.done: asyncio.Future[None] = self._loop.create_future()

    @property
    def planned(self) -> list[float]:
        return [self._begin + number * self._every for number in range(len(self._lines))]

    def turn(self) -> None:
        """Send all whose moment has come, and come back at the next one."""
        try:
            while len(self.sent) < len(self._lines):
                left = self._begin + len(self.sent) * self._every - time.monotonic()
                if left > 0:
                    self._loop.call_later(math.ceil(left * 1000) / 1000, self.turn)  # whole ms: uvloop has no parts
                    return
                self.sent.append(time.monotonic())
                self._send(self._lines[len(self.sent) - 1])
        except Exception as error:  # noqa: BLE001 (whoever waits for the end gets it)
            self.done.set_exception(error)
        else:
            self.done.set_result(None)


async def paced(send: Callable[[bytes], None], lines: Sequence[bytes], rate: float) -> tuple[list[float], list[float]]:
    """Send `lines`, `rate` a second; return when each was planned and when it was sent, on the monotonic clock."""
    pace = _Pace(send, lines, rate)
    pace.turn()
    await pace.done
    return pace.planned, pace.sent
