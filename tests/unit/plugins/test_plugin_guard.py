"""A plugin that fails, is slow or does not return is counted, broken off and left alone; nothing else stops."""

import asyncio
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import count

import pytest
import structlog

from shared import metrics
from shared.plugins import LeftAloneError, PluginError, TookTooLongError
from shared.plugins import guard as guard_module
from shared.plugins.breaker import LONGEST_PAUSE_SECONDS, Breaker
from shared.plugins.guard import Guard
from shared.plugins.watchdog import WATCHDOG, BrokenOff, Watchdog

_NUMBERS = count()
BACKTRACKS = re.compile(r"(a+)+$")


@pytest.fixture
def name() -> str:
    return f"test_{next(_NUMBERS)}"


def counted(name: str, reason: str) -> float:
    labels = {"kind": "channel", "plugin": name, "reason": reason}
    return metrics.REGISTRY.get_sample_value("yingda_plugin_failures_total", labels) or 0.0


def calls(name: str) -> float:
    return metrics.REGISTRY.get_sample_value("yingda_plugin_seconds_count", {"kind": "channel", "plugin": name}) or 0.0


def left_alone(name: str) -> float | None:
    return metrics.REGISTRY.get_sample_value("yingda_plugin_left_alone", {"kind": "channel", "plugin": name})


def test_a_call_is_measured_and_its_answer_comes_back(name: str) -> None:
    guard = Guard("channel", name)
    assert guard.around(lambda data: data["text"])({"text": "你好"}) == "你好"
    assert calls(name) == 1
    assert WATCHDOG.since == 0.0


def test_what_a_plugin_raises_is_counted_and_goes_on(name: str) -> None:
    """Contacts that it cannot read quickly do not make it one that is left alone."""

    def read(data: str) -> int:
        return int(data)

    guarded = Guard("channel", name).around(read)
    for _ in range(50):
        with pytest.raises(ValueError, match="invalid literal"):
            guarded("x")
    assert guarded("7") == 7
    assert (counted(name, "raised"), calls(name)) == (50, 51)


def test_a_plugin_does_not_end_the_process(name: str) -> None:
    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(PluginError, match="wanted to end the process"):
        Guard("channel", name).call(leave)


def loops() -> None:
    numbers = count()
    while next(numbers) >= 0:
        pass


def backtracks() -> object:
    return BACKTRACKS.match("a" * 60 + "!")


def swallows() -> None:
    for _ in range(2_000):
        try:
            threading.Event().wait(0.1)
        except Exception:  # noqa: BLE001 (a stranger's may do so)
            continue


def disguises() -> None:
    try:
        loops()
    except BaseException:  # noqa: BLE001 (a stranger's may do so)
        raise ValueError("cannot be read") from None


@pytest.mark.slow
@pytest.mark.parametrize("hangs", [loops, backtracks, swallows, disguises])
def test_a_call_that_does_not_return_is_broken_off(name: str, hangs: Callable[[], object]) -> None:
    """A loop without end, a regular expression that backtracks, one that swallows what it gets, one that makes it another."""
    guard = Guard("channel", name, limit_seconds=0.2)
    with structlog.testing.capture_logs() as logs, pytest.raises(TookTooLongError, match=f'"{name}" was broken off'):
        guard.call(hangs)
    assert counted(name, "timeout") == 1
    assert [log["plugin"] for log in logs] == [name]
    assert guard.call(lambda: 1) == 1


def test_the_call_in_hand_shows_while_it_runs(name: str) -> None:
    """Metrics are served by a thread: they tell of a plugin that holds up everything else."""
    guard = Guard("channel", name, limit_seconds=60)
    seen: list[float] = []

    def look() -> None:
        labels = {"kind": "channel", "plugin": name}
        seen.append(metrics.REGISTRY.get_sample_value("yingda_plugin_running_seconds", labels) or 0.0)

    def read() -> None:
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    guard.call(read)
    look()
    assert seen[0] > 0.0
    assert seen[1] == 0.0


def test_a_signal_that_comes_late_harms_nobody(name: str) -> None:
    Guard("channel", name).call(lambda: None)
    WATCHDOG._break_off(0, None)
    WATCHDOG.since = time.perf_counter() - 100.0
    try:
        with pytest.raises(BrokenOff):
            WATCHDOG._break_off(0, None)
    finally:
        WATCHDOG.since = 0.0


def test_another_thread_is_not_broken_off(name: str) -> None:
    """A signal reaches the main thread only; elsewhere a call is measured, no more."""
    guard = Guard("channel", name)
    seen: list[float] = []
    thread = threading.Thread(target=lambda: guard.call(lambda: seen.append(WATCHDOG.since)))
    thread.start()
    thread.join()
    assert seen == [0.0]
    assert calls(name) == 1


def test_another_thread_leaves_the_call_in_hand_watched(name: str) -> None:
    guard = Guard("channel", name, limit_seconds=60)
    seen: list[float] = []

    def read() -> None:
        thread = threading.Thread(target=lambda: guard.call(lambda: None))
        thread.start()
        thread.join()
        seen.append(WATCHDOG.since)

    guard.call(read)
    assert seen[0] > 0.0
    assert WATCHDOG.since == 0.0


def test_a_call_that_begins_as_the_watchdog_goes_to_sleep_is_watched(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody asks whether it is awake before there is something to see; and it looks once more before it sleeps."""

    class Falling(Watchdog):
        seen = 0.0

        @property
        def awake(self) -> bool:
            self.seen = self.since
            return True

        @awake.setter
        def awake(self, value: bool) -> None:
            del value

    falling = Falling()
    monkeypatch.setattr(guard_module, "WATCHDOG", falling)
    Guard("channel", name, limit_seconds=60).call(lambda: None)
    assert falling.seen > 0.0
    watchdog = Watchdog()
    for since in (1.0, 0.0):
        watchdog.awake = True
        watchdog.since = since
        watchdog._sleep()
        assert watchdog.awake is watchdog._work.is_set() is bool(since)


def is_open(breaker: Breaker) -> bool:
    return breaker.open


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_breaker_opens_after_failures_in_a_row_and_tries_once_in_a_growing_pause() -> None:
    clock = Time()
    breaker = Breaker(failures=3, pause_seconds=30, clock=clock)
    for _ in range(2):
        breaker.failed()
    breaker.succeeded()
    for _ in range(2):
        breaker.failed()
    assert breaker.admits()
    breaker.failed()
    assert is_open(breaker)
    assert not breaker.admits()
    clock.now += 30
    assert [breaker.admits(), breaker.admits()] == [True, False]
    breaker.failed()
    clock.now += 59
    assert not breaker.admits()
    clock.now += 1
    assert breaker.admits()
    breaker.succeeded()
    assert not is_open(breaker)
    assert [breaker.admits(), breaker.admits()] == [True, True]


def test_the_pause_has_an_end() -> None:
    clock = Time()
    breaker = Breaker(failures=1, pause_seconds=30, clock=clock)
    for _ in range(20):
        breaker.failed()
    clock.now += LONGEST_PAUSE_SECONDS
    assert breaker.admits()


@pytest.mark.slow
def test_what_takes_too_long_again_and_again_is_left_alone_and_tried_again(name: str) -> None:
    clock = Time()
    guard = Guard("channel", name, Breaker(failures=2, pause_seconds=30, clock=clock), limit_seconds=0.05)
    for _ in range(2):
        with pytest.raises(TookTooLongError):
            guard.call(loops)
    assert left_alone(name) == 1.0
    with pytest.raises(LeftAloneError, match=f'the channel plugin "{name}" is left alone for a while'):
        guard.call(lambda: None)
    assert counted(name, "left_alone") == 1
    clock.now += 30
    assert guard.call(lambda: "back") == "back"
    assert left_alone(name) == 0
    assert guard.call(lambda: "for good") == "for good"


async def test_an_asynchronous_call_is_cancelled_after_its_time(name: str) -> None:
    guard = Guard("channel", name)
    with pytest.raises(TookTooLongError, match=r"took longer than 0.01 s"):
        await guard.wait(asyncio.Event().wait, 0.01)
    assert counted(name, "timeout") == 1

    async def impatient() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await guard.wait(impatient, 5)
    assert (counted(name, "raised"), counted(name, "timeout")) == (1, 1)


async def test_an_asynchronous_plugin_neither_ends_the_process_nor_cancels_who_calls_it(name: str) -> None:
    """`SystemExit` ends the loop, and a `CancelledError` of its own the task that waits, with all that it has in hand."""
    guard = Guard("channel", name)

    async def leave() -> None:
        raise SystemExit(3)

    async def forgets() -> None:
        lost = asyncio.create_task(asyncio.Event().wait())
        lost.cancel()
        await lost

    with pytest.raises(PluginError, match="wanted to end the process"):
        await guard.wait(leave, 5)
    with pytest.raises(PluginError, match="cancelled itself"):
        await guard.wait(forgets, 5)
    assert counted(name, "raised") == 2


async def test_who_is_stopped_stops_and_the_plugin_is_not_blamed(name: str) -> None:
    guard = Guard("channel", name)
    began = asyncio.Event()

    async def works() -> None:
        began.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(guard.wait(works, 60))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert counted(name, "raised") == 0


async def test_an_answer_that_cannot_even_be_looked_at_is_wrong(name: str) -> None:
    guard = Guard("channel", name)

    async def answer() -> None:
        return None

    for _ in range(3):
        with pytest.raises(TypeError):
            await guard.wait(answer, 5, lambda given: "wrong" if len(given) else None)  # type: ignore[arg-type]
    assert (counted(name, "wrong"), left_alone(name)) == (3, 1)


async def test_answers_that_are_none_open_the_breaker_and_a_good_one_closes_it(name: str) -> None:
    clock = Time()
    guard = Guard("channel", name, Breaker(failures=3, clock=clock))

    async def answer() -> str:
        return "?"

    for _ in range(3):
        assert guard.admits()
        assert await guard.wait(answer, 5, lambda _answer: "wrong") == "?"
    assert left_alone(name) == 1
    assert not guard.admits()
    clock.now += 30
    assert guard.admits()
    await guard.wait(answer, 5)
    assert not guard.left_alone
    assert (counted(name, "wrong"), left_alone(name)) == (3, 0)


ENDING = """
import ctypes, time
from shared.plugins.watchdog import WATCHDOG
WATCHDOG.rouse()

class Late:
    def __del__(self, now=time.process_time):
        until = now() + 1.5
        while now() < until:
            pass

ctypes.late = Late()
"""


@pytest.mark.slow
def test_the_timer_does_not_outlive_its_handler() -> None:
    """A process that takes its time to end is not ended by the signal that nobody handles any more."""
    done = subprocess.run([sys.executable, "-c", ENDING], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
