"""Takes the actions that escalations set off: claimed, done outside any transaction, settled (ADR 0036).

The watch only writes down what is to be done, so no action, however slow, holds up a deadline.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.sla.domain.actions import Later, Verdict, follow, orders
from services.sla.domain.clock import ClockEvent
from services.sla.ports import Done, EscalationAction, Refused, Result
from services.sla.store import actions as store
from services.sla.store.actions import Claimed
from shared import metrics
from shared.bus.outbox import Outbox
from shared.bus.transaction import Transaction
from shared.clock import Clock
from shared.plugins import PluginError, UnusableError
from shared.plugins.guard import Failure, Guard
from shared.plugins.words import told
from shared.policy import Policy
from shared.service import Loop

LANES: Final = 8
"""Actions of one plugin that are in hand at once, so that a slow one holds up nobody but itself."""
LOOK_SECONDS: Final = 1.0
STOP_SECONDS: Final = 5.0
NOTING_SECONDS: Final = 30.0
"""Real time for noting what came of an attempt, before somebody else takes the action up."""
GIVE_UP_SECONDS: Final = 600.0
"""Real time: another replica may have got a new policy before this one, or keep the one that this one has left."""
LONGEST_REASON: Final = 500
LONGEST_PAUSE: Final = 30 * 86_400
"""Seconds: an action that wants to be left alone for longer has not understood the question."""
OUTCOMES: Final = ("done", "later", "refused", "dead")

log = structlog.get_logger()


class Unusable:
    """Stands in for an action that cannot be used: what it is asked for waits, and is done when it can be."""

    def __init__(self, error: UnusableError) -> None:
        self._why = error.why

    async def act(self, escalation: object) -> Result:
        """Raise why the plugin cannot be used."""
        del escalation
        raise PluginError(self._why)

    async def close(self) -> None:
        """Hold nothing."""


class Actions:
    """One replica's share of the queue."""

    def __init__(self, outbox: Outbox, clock: Clock, policy: Policy, plugins: Mapping[str, EscalationAction]) -> None:
        self.loop = Loop("actions", self.turn, longest_sleep_seconds=LOOK_SECONDS if plugins else NOTING_SECONDS)
        self._outbox = outbox
        self._clock = clock
        self._policy = policy
        self._plugins = plugins
        self._guards = {name: Guard("escalation_action", name) for name in plugins}
        self._in_hand: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        for name in plugins:
            for outcome in OUTCOMES:
                metrics.ESCALATION_ACTIONS.labels(name, outcome)

    async def order(self, tx: Transaction, told: Iterable[tuple[str, ClockEvent]]) -> None:
        """Write down what the events, each with the owner of its clock, set off."""
        ordered = [(owner, one) for owner, event in told for one in orders(event, self._policy)]
        if ordered:
            await store.order(tx.connection, ordered, tx.now)
            tx.committed.append(self.loop.wake.set)

    async def turn(self) -> datetime | None:
        """Take up what is due; return when to look again."""
        if self._stopping:
            return None
        now = self._clock.now()
        until = now + self._business(self._wait + NOTING_SECONDS)
        async with self._outbox.transaction() as tx:
            claimed = [
                one
                for name in self._plugins
                if (free := LANES - self._in_hand[name]) > 0
                for one in await store.claim(tx.connection, name, now, until, free)
            ]
            why = "no policy in force uses this action"
            since = now - self._business(GIVE_UP_SECONDS)
            if gone := await store.give_up_others(tx.connection, self._plugins, since, now, why):
                log.error("actions of escalations given up", why=why, count=gone)
            following = await store.next_due(tx.connection)
        for one in claimed:
            self._in_hand[one.plugin] += 1
            task = asyncio.create_task(self._take(one))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        # What is due and was not claimed waits for a lane, and whoever frees one wakes the loop.
        return following if following is not None and following > now else None

    async def idle(self) -> None:
        """Return when everything that was taken up is settled."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self) -> None:
        """Finish what is in hand, for as long as a stop may take; the rest is taken up again later."""
        self._stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        for name, plugin in self._plugins.items():
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await plugin.close()
            except Exception as error:  # noqa: BLE001 (a stranger's plugin may raise anything; the stop goes on)
                log.warning("action cannot be closed", plugin=name, why=type(error).__name__)

    async def gauges(self, engine: AsyncEngine) -> None:
        """Set how many actions are not done, by plugin and state."""
        async with engine.connect() as connection:
            found = await store.counts(connection)
        metrics.ESCALATION_ACTIONS_OPEN.clear()
        for name in {*self._plugins, *(name for name, _ in found)}:
            for state in ("waiting", "refused", "dead"):
                metrics.ESCALATION_ACTIONS_OPEN.labels(name, state).set(found.get((name, state), 0))

    @property
    def _wait(self) -> float:
        return float(self._policy.sla.action_wait.seconds)

    async def _take(self, claimed: Claimed) -> None:
        try:
            result, counts = await self._result(claimed)
            verdict = follow(self._by_clock(result), claimed.escalation.attempt, self._policy.sla.action_retries)
            await self._settle(claimed, verdict if counts else _put_off(result, verdict), counts=counts)
        except Exception as error:  # noqa: BLE001 (what could not be noted is taken up again, with the same id)
            log.warning("action will be taken up again", plugin=claimed.plugin, why=type(error).__name__)
        finally:
            self._in_hand[claimed.plugin] -= 1
            self.loop.wake.set()

    async def _result(self, claimed: Claimed) -> tuple[Result, bool]:
        """Return what came of the attempt, and whether it was one."""
        guard, plugin = self._guards[claimed.plugin], self._plugins[claimed.plugin]
        if not guard.admits():
            return Later("the plugin is left alone for a while: it failed again and again"), False
        try:
            result = await guard.wait(lambda: plugin.act(claimed.escalation), self._wait, _judged)
        except PluginError as error:
            return Later(str(error)), True
        except (Exception, SystemExit) as error:  # noqa: BLE001 (a stranger's plugin may raise anything)
            log.warning("action failed", plugin=claimed.plugin, why=told(error))
            return Later(f"it failed: {type(error).__name__}"), True
        if _judged(result) is not None:
            return Later(f"it answered with a {type(result).__name__}"), True
        return result, True

    async def _settle(self, claimed: Claimed, verdict: Verdict, *, counts: bool) -> None:
        reason = _writable(verdict.reason)[:LONGEST_REASON] if verdict.reason else None
        kept = Verdict(verdict.state, reason, verdict.after)
        async with self._outbox.transaction() as tx:
            mine = await store.settle(tx.connection, claimed, kept, tx.now, counts=counts)
        if not mine:
            return
        outcome = "later" if verdict.state == "waiting" else verdict.state
        metrics.ESCALATION_ACTIONS.labels(claimed.plugin, outcome).inc()
        if verdict.state in {"refused", "dead"}:
            log.error("action of an escalation is not taken", plugin=claimed.plugin, state=verdict.state, why=reason)

    def _by_clock(self, result: Result) -> Result:
        """Return `result` with the pause that it asks for as the clock counts it."""
        if isinstance(result, Later) and result.seconds is not None:
            return replace(result, seconds=self._business(result.seconds).total_seconds())
        return result

    def _business(self, real_seconds: float) -> timedelta:
        """Return what the clock makes of `real_seconds`, also where it runs faster than the real one."""
        hour = max(self._clock.seconds_until(self._clock.now() + timedelta(hours=1)), 0.001)
        return timedelta(seconds=real_seconds * 3600 / hour)


def _judged(result: object) -> Failure | None:
    return None if _is_one(result) else "wrong"


def _is_one(result: object) -> bool:
    """Return whether `result` is an answer, as it is written: types hold nobody's plugin."""
    if not isinstance(result, Done | Later | Refused):
        return False
    words: Any = result.note if isinstance(result, Done) else result.why
    seconds: Any = result.seconds if isinstance(result, Later) else None
    real = seconds is None or (isinstance(seconds, int | float) and abs(seconds) <= LONGEST_PAUSE)
    return isinstance(words, str) and real


def _writable(text: str) -> str:
    """Return a plugin's words as the database can hold them."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _put_off(result: Result, verdict: Verdict) -> Verdict:
    """Return the verdict on an attempt that was none: it waits on, whatever its number."""
    return (
        Verdict("waiting", verdict.reason, verdict.after or timedelta(minutes=1))
        if isinstance(result, Later)
        else verdict
    )
