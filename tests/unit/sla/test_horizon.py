"""How far the watch may judge while events are still in the queue (R-SLA-09)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.sla.handlers.horizon import Horizon
from shared.bus.position import Position

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass
class Queue:
    """A clock and a server that say what the test tells them to."""

    at: datetime = NOON
    answers: list[Position] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def seconds_until(self, at: datetime) -> float:
        return (at - self.at).total_seconds()

    def real(self) -> float:
        """A second has passed since the question before."""
        return (self.at - NOON).total_seconds() / 60

    async def position(self) -> Position:
        return self.answers.pop(0)


async def settled(*positions: tuple[int, int, int]) -> list[datetime]:
    """What is settled after each answer; one minute lies between them."""
    queue = Queue(answers=[Position(*position) for position in positions])
    horizon = Horizon(queue, queue.position, 0, queue.real)
    found = []
    for minute in range(len(positions)):
        queue.at = NOON + timedelta(minutes=minute)
        found.append(await horizon.settled())
    return found


def minute(number: int) -> datetime:
    return NOON + timedelta(minutes=number)


async def test_a_consumer_that_has_passed_the_whole_stream_settles_the_moment_of_the_question() -> None:
    assert await settled((10, 10, 0), (20, 20, 0)) == [minute(0), minute(1)]


async def test_an_empty_queue_settles_the_moment_of_the_question_before() -> None:
    """The stream's last messages may not be for this consumer, so that its floor never reaches them.

    The server counts a message as pending only a moment after it acknowledged it: nothing is settled at first sight.
    """
    assert await settled((10, 7, 0), (20, 7, 0), (20, 7, 0)) == [NEVER, minute(0), minute(1)]


async def test_nothing_is_settled_while_what_was_published_before_waits() -> None:
    assert await settled((10, 4, 6), (10, 9, 1)) == [NEVER, NEVER]


async def test_under_steady_load_a_moment_is_settled_once_the_consumer_has_passed_it() -> None:
    assert await settled((10, 4, 6), (20, 9, 11), (30, 10, 20), (40, 29, 11)) == [NEVER, NEVER, minute(0), minute(1)]


async def test_what_was_settled_stays_settled() -> None:
    assert await settled((10, 10, 0), (20, 10, 10)) == [minute(0), minute(0)]


async def test_a_consumer_that_stands_still_does_not_fill_the_memory() -> None:
    found = await settled(*[(n + 1, 0, n + 1) for n in range(1000)], (1001, 1001, 0))
    assert found[-2:] == [NEVER, minute(1000)]


async def test_what_was_stamped_may_still_be_on_its_way() -> None:
    """R-SLA-09: an answer noted in time and published after the due time is in time; only a moment so long ago that its
    events are published is settled, and by the place that the stream has reached since."""
    queue = Queue(answers=[Position(10, 10, 0), Position(12, 10, 2), Position(12, 12, 0)])
    horizon = Horizon(queue, queue.position, 1, queue.real)
    found = []
    for number in range(3):
        queue.at = minute(number)
        found.append(await horizon.settled())
    assert found == [NEVER, NEVER, minute(1)]


async def test_a_long_silence_settles_the_last_moment_that_is_old_enough() -> None:
    queue = Queue(answers=[Position(10, 10, 0)] * 3)
    horizon = Horizon(queue, queue.position, 5, queue.real)
    found = []
    for number in (0, 2, 60):
        queue.at = minute(number)
        found.append(await horizon.settled())
    assert found == [NEVER, NEVER, minute(2)]


async def test_nothing_is_judged_behind_what_a_crash_has_left_unpublished() -> None:
    """R-SLA-09, ADR 0024: it may be the answer; once it is on the stream, or given up, everything is settled again."""
    left: list[float | None] = [None, 30.0, 90.0, None]

    async def unsent() -> float | None:
        return left.pop(0)

    queue = Queue(answers=[Position(10, 10, 0)] * 4)
    horizon = Horizon(queue, queue.position, 0, queue.real, unsent)
    found = []
    for number in range(4):
        queue.at = minute(number)
        found.append(await horizon.settled())
    assert found == [minute(0), minute(0) + timedelta(seconds=30), minute(0) + timedelta(seconds=30), minute(3)]
