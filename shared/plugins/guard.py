"""Calls of a plugin, guarded: measured, counted, limited in time, and left out while it fails again and again.

What a plugin raises goes on to the caller, who knows what follows from it; the guard counts it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from threading import get_ident
from time import perf_counter
from typing import Final, Literal, TypeVar, TypeVarTuple, Unpack, cast, get_args

import structlog

from shared import metrics
from shared.plugins.breaker import Breaker
from shared.plugins.errors import LeftAloneError, PluginError, TookTooLongError
from shared.plugins.watchdog import WATCHDOG, BrokenOff

Ts = TypeVarTuple("Ts")
R = TypeVar("R")

Failure = Literal["raised", "timeout", "wrong", "unknown", "slow", "left_alone"]
"""How a call can fail: it raised; took longer than it may; its answer is none of the Protocol; a transport knows of
nothing whether it was sent; it answered, but held up everything else meanwhile; it was not called at all."""
FAILURES: Final[tuple[Failure, ...]] = get_args(Failure)

SLOW_SECONDS: Final = 1.0
"""A synchronous call that takes so long is told of: nothing else can happen in the process meanwhile."""
LIMIT_SECONDS: Final = 5.0
"""After so long a synchronous call is broken off where that is possible."""
TELL_AGAIN_SECONDS: Final = 60.0

log = structlog.get_logger()


def _fine(_result: object) -> None:
    """Find nothing wrong with any answer."""


class Guard:
    """Stands around the calls of one plugin."""

    def __init__(
        self, kind: str, name: str, breaker: Breaker | None = None, limit_seconds: float | None = None
    ) -> None:
        self.kind, self.name = kind, name
        self.limit_seconds = LIMIT_SECONDS if limit_seconds is None else limit_seconds
        self._breaker = breaker or Breaker()
        self._observe = metrics.PLUGIN_SECONDS.labels(kind, name).observe
        self._counts = {failure: metrics.PLUGIN_FAILURES.labels(kind, name, failure) for failure in FAILURES}
        self._gauge = metrics.PLUGIN_LEFT_ALONE.labels(kind, name)
        self._gauge.set(0)
        metrics.PLUGIN_RUNNING.labels(kind, name).set_function(self._running_seconds)
        self._told_at = -TELL_AGAIN_SECONDS

    @property
    def left_alone(self) -> bool:
        """Whether it failed again and again, and is tried now and then at most."""
        return self._breaker.open

    def admits(self) -> bool:
        """Return whether to call it now; False while it is left alone."""
        return self._breaker.admits()

    def call(self, function: Callable[[Unpack[Ts]], R], *arguments: *Ts) -> R:
        """Return what the synchronous `function` of the plugin returns; what it raises is raised.

        `TookTooLongError` where it was broken off, `LeftAloneError` where it is not called for now. Only time leads to
        that: what raises quickly about one contact may do well with the next.
        """
        if self._breaker.open and not self._breaker.admits():
            self._counts["left_alone"].inc()
            raise LeftAloneError(f'the {self.kind} plugin "{self.name}" is left alone for a while: it took too long')
        watch = WATCHDOG
        watched = get_ident() == watch.main
        began = perf_counter()
        if watched:
            watch.calls += 1
            watch.call = self
            watch.since = began
            if not watch.awake:  # asked only now: whoever goes to sleep at this moment sees the call, or is roused
                watch.rouse()
        try:
            try:
                result = function(*arguments)
            finally:
                if watched:
                    watch.since = 0.0  # before anything else: from here on nobody is broken off
        except BrokenOff:
            raise self._too_long(perf_counter() - began) from None
        except (Exception, SystemExit) as error:
            took = perf_counter() - began
            if took >= self.limit_seconds:  # it made another error of being broken off
                raise self._too_long(took) from error
            self._observe(took)
            self._counts["raised"].inc()
            if isinstance(error, SystemExit):  # a plugin does not end the process
                raise self._left() from error
            raise
        took = perf_counter() - began
        self._observe(took)
        if took >= SLOW_SECONDS or self._breaker.failures:
            self._judge(took)
        return result

    def around(self, function: Callable[[Unpack[Ts]], R]) -> Callable[[Unpack[Ts]], R]:
        """Return `function`, each call of which is one by `call`."""
        return cast("Callable[[Unpack[Ts]], R]", partial(self.call, function))

    async def wait(
        self, call: Callable[[], Awaitable[R]], seconds: float, verdict: Callable[[R], Failure | None] = _fine
    ) -> R:
        """Return what the asynchronous `call` of the plugin returns within `seconds`; what it raises is raised.

        `TookTooLongError` where it did not: it is cancelled then. `verdict` says what is wrong with an answer, which
        is returned all the same; what `verdict` raises of one that it cannot even look at is raised. Whether to call at
        all says `admits`, which the caller asks first.
        """
        began = perf_counter()
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                result = await call()
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():  # somebody wants to stop, and that is not its fault
                raise
            self._failed("raised")
            raise PluginError(f'the {self.kind} plugin "{self.name}" cancelled itself') from error
        except SystemExit as error:
            self._failed("raised")
            raise self._left() from error
        except Exception as error:
            expired = limit.expired() and isinstance(error, TimeoutError)
            self._failed("timeout" if expired else "raised")
            if expired:
                raise TookTooLongError(
                    f'the {self.kind} plugin "{self.name}" took longer than {seconds:g} s'
                ) from error
            raise
        finally:
            self._observe(perf_counter() - began)
        try:
            failure = verdict(result)
        except Exception:
            self._failed("wrong")
            raise
        if failure is None:
            self._succeeded()
        else:
            self._failed(failure)
        return result

    def _judge(self, took: float) -> None:
        """Note a synchronous call that returned: it was slow, or the first good one after some that were."""
        if took >= self.limit_seconds:  # in C, where nobody could break it off; its answer counts
            self._failed("timeout")
        elif took >= SLOW_SECONDS:
            self._counts["slow"].inc()
        else:
            self._succeeded()
            return
        self._tell("plugin is slow, and nothing else could be done meanwhile", seconds=round(took, 2))

    def _too_long(self, took: float) -> TookTooLongError:
        """Note a synchronous call that was broken off; return what is raised in its place."""
        self._observe(took)
        self._failed("timeout")
        self._tell("plugin broken off: it did not return", seconds=round(took, 2))
        return TookTooLongError(f'the {self.kind} plugin "{self.name}" was broken off after {self.limit_seconds:g} s')

    def _left(self) -> PluginError:
        return PluginError(f'the {self.kind} plugin "{self.name}" wanted to end the process')

    def _failed(self, failure: Failure) -> None:
        self._counts[failure].inc()
        was_open = self._breaker.open
        self._breaker.failed()
        if self._breaker.open and not was_open:
            self._gauge.set(1)
            log.error("plugin left alone: it failed again and again", kind=self.kind, plugin=self.name, why=failure)

    def _succeeded(self) -> None:
        if self._breaker.open:
            self._gauge.set(0)
            log.info("plugin works again", kind=self.kind, plugin=self.name)
        self._breaker.succeeded()

    def _tell(self, what: str, **more: float) -> None:
        """Write to the log, once a minute at most: it may be so for every contact."""
        now = time.monotonic()
        if now - self._told_at >= TELL_AGAIN_SECONDS:
            self._told_at = now
            log.warning(what, kind=self.kind, plugin=self.name, **more)

    def _running_seconds(self) -> float:
        return WATCHDOG.running_seconds(self)
