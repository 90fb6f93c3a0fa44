"""What a process publishes keeps the order of its outbox rows, whatever fails (docs/adr/0003)."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.bus import line as module
from shared.bus.line import Line, Place
from shared.bus.publish import ATOMIC_LIMIT, Outgoing

EVENT = Outgoing("yingda/test/1", "yingda.event.test.done", b"{}")


class Stream:
    """Takes what is published, or refuses it, and tells in which order and how much at once."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.takes = True
        self.open = asyncio.Event()
        self.open.set()
        self.busy = asyncio.Event()
        """Something is on its way."""
        self.woken = 0
        self.line = Line(self._publish)
        self.line.on_behind = self._wake

    def _wake(self) -> None:
        self.woken += 1

    async def _publish(self, places: Sequence[Place]) -> bool:
        self.busy.set()
        await self.open.wait()
        if self.takes:
            self.batches.append([row for place in places for row in place.rows])
        return self.takes

    def enter(self, row: int, events: int = 1) -> Place:
        return self.line.enter([row], [EVENT] * events)

    @property
    def rows(self) -> list[int]:
        return [row for batch in self.batches for row in batch]


async def test_a_later_row_waits_for_an_earlier_one_whose_commit_is_on_its_way() -> None:
    stream = Stream()
    first, second = stream.enter(1), stream.enter(2)

    async def publish_the_first() -> None:
        assert not stream.busy.is_set(), "the later one stands ready, and waits"
        await stream.line.publish(first)

    await asyncio.gather(stream.line.publish(second), publish_the_first())  # they begin in this order
    assert stream.rows == [1, 2]
    assert not stream.line.behind


async def test_what_becomes_ready_while_the_server_is_busy_leaves_together() -> None:
    stream = Stream()
    stream.open.clear()
    tasks = [asyncio.create_task(stream.line.publish(stream.enter(row))) for row in range(1, 5)]
    await stream.busy.wait()
    stream.open.set()
    await asyncio.gather(*tasks)
    assert stream.rows == [1, 2, 3, 4]
    assert len(stream.batches) <= 2


async def test_no_more_leaves_together_than_one_atomic_batch_holds() -> None:
    stream = Stream()
    places = [stream.enter(row, ATOMIC_LIMIT - 1) for row in (1, 2)]
    await asyncio.gather(*(stream.line.publish(place) for place in places))
    assert stream.batches == [[1], [2]]


async def test_after_a_failure_everything_is_left_to_the_relay_until_it_has_caught_up() -> None:
    stream = Stream()
    stream.takes = False
    await stream.line.publish(stream.enter(1))
    assert stream.line.behind
    assert stream.woken == 1
    stream.takes = True
    await stream.line.publish(stream.enter(2))
    assert stream.rows == [], "it would have overtaken the first"
    async with stream.line.halted() as caught_up:
        caught_up()
    await stream.line.publish(stream.enter(3))
    assert stream.rows == [3]


async def test_what_is_left_while_the_relay_looks_keeps_it_behind() -> None:
    stream = Stream()
    stream.line.fall_behind()
    async with stream.line.halted() as caught_up:
        await stream.line.publish(stream.enter(1))  # committed after the relay has looked
        caught_up()
    assert stream.line.behind


async def test_a_commit_without_an_answer_keeps_the_process_behind_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream()
    loop = asyncio.get_running_loop()
    now = loop.time
    stream.line.lose(stream.enter(1))
    async with stream.line.halted() as caught_up:
        caught_up()
        assert stream.line.behind, "the row may appear yet"
    monkeypatch.setattr(loop, "time", lambda: now() + module.UNKNOWN_SECONDS)
    async with stream.line.halted() as caught_up:
        caught_up()
    assert not stream.line.behind


async def test_nobody_waits_long_for_a_commit_that_is_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.05)
    stream = Stream()
    silent, second = stream.enter(1), stream.enter(2)
    async with asyncio.timeout(30):
        await stream.line.publish(second)
    assert (stream.rows, stream.line.behind) == ([], True)
    await stream.line.publish(silent)
    assert stream.rows == [], "it is left to the relay as well"


async def test_whoever_is_cancelled_leaves_the_line() -> None:
    stream = Stream()
    stream.open.clear()
    task = asyncio.create_task(stream.line.publish(stream.enter(1)))
    await stream.busy.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    stream.open.set()
    assert stream.line.behind
    async with stream.line.halted() as caught_up:
        caught_up()
    await stream.line.publish(stream.enter(2))
    assert stream.rows == [2]
