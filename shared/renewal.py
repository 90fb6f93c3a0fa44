"""A service that takes another policy while it works: its parts are built anew beside the present ones, then take over.

Nothing waits for it and nothing is lost: what is in hand is finished by the parts that took it in hand, as another
replica would finish it, and whatever comes next meets the new ones. A policy that cannot be read, or that the service
cannot work by, changes nothing; the log says why and a metric tells that the file was refused. A work order keeps the
policy of its opening all the same (ADR 0015).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import structlog
from starlette.types import Receive, Scope, Send

from shared import metrics
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Incoming, Rejected, Transaction
from shared.events import Command, Event, Problem, WorkorderExpired
from shared.policy import Policy, PolicyFileError, load_policy
from shared.series import expect
from shared.service import Context, Loop, Parts, Service, Web

BUILD_SECONDS: Final = 60.0
"""How long the new parts may take to be built before the loop counts as standing still."""

log = structlog.get_logger()


class _Use:
    """The parts that one policy has made, and how many are at work with them."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._hands = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Parts]:
        """Keep the parts from being stopped while they are used."""
        self._hands += 1
        self._idle.clear()
        try:
            yield self.parts
        finally:
            self._hands -= 1
            if not self._hands:
                self._idle.set()

    async def stop(self) -> None:
        """Stop the parts once nobody uses them any more."""
        await self._idle.wait()
        if self.parts.stop is not None:
            await self.parts.stop()


class Renewal:
    """Builds a service's parts, and builds them anew when `ask` was called and the policy file holds another policy."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._loop = Loop("policy", self._turn, patience_seconds=BUILD_SECONDS)
        self._asked = False
        self._loops: dict[str, Loop] = {}
        self._context: Context
        self._use: _Use

    def ask(self) -> None:
        """Read the policy file again, as SIGHUP asks; may be called before the service is built."""
        self._asked = True
        self._loop.wake.set()

    async def build(self, context: Context) -> Parts:
        """Return parts that hand everything on to those of the policy in force."""
        parts = await self._service.build(context)
        self._use, self._context = _Use(parts), context
        self._loops = {loop.name: self._handed_on(loop) for loop in parts.loops}
        self._in_force(context.policy, None)
        return replace(  # and not made anew: what is no handler stays as the service wants it
            parts,
            on_events=self._on_events,
            on_rejected=self._on_rejected if parts.on_rejected is not None else None,
            concerns=self._concerns if parts.concerns is not None else None,
            commands={command: self._command(command) for command in parts.commands},
            loops=(*self._loops.values(), self._loop),
            gauges=self._gauges if parts.gauges is not None else None,
            stop=self._stop,
            forget=self._forget if parts.forget is not None else None,
            web=Web(self._answer, parts.web.host, parts.web.port) if parts.web is not None else None,
            hasty=self._hasty if parts.hasty is not None else None,
        )

    async def _turn(self) -> datetime | None:
        if not self._asked:
            return None
        self._asked = False
        name, file = self._service.name, self._context.settings.policy
        try:
            policy = await asyncio.to_thread(load_policy, file)
        except (PolicyFileError, OSError) as error:
            faults = [str(fault) for fault in error.faults] if isinstance(error, PolicyFileError) else [str(error)]
            self._refuse(faults)
            return None
        if policy == self._context.policy:
            log.info("policy unchanged", version=policy.policy_version)
            metrics.POLICY_RELOADS.labels(name, "unchanged").inc()
            metrics.POLICY_REFUSED.labels(name).set(0)
            return None
        await self._renew(policy)
        return None

    async def _renew(self, policy: Policy) -> None:
        context = replace(self._context, policy=policy)
        try:
            if (
                self._service.accepts is not None
            ):  # at its start a service does without a plugin; here somebody can mend it
                await asyncio.to_thread(self._service.accepts, policy, context.settings)
            parts = await self._service.build(context)
        except Exception as error:  # noqa: BLE001 (a stranger's plugin may raise anything; the parts in force go on)
            self._refuse([str(error) or type(error).__name__])
            return
        before, former = self._use, self._context.policy
        self._use, self._context = _Use(parts), context
        for loop in parts.loops:
            outer = self._loops.get(loop.name)
            if outer is not None:
                sleeping, outer.wake = outer.wake, loop.wake
                sleeping.set()
        expect(self._service, parts, policy)
        self._in_force(policy, former)
        metrics.POLICY_RELOADS.labels(self._service.name, "applied").inc()
        log.info("policy in force", version=policy.policy_version, before=former.policy_version)
        await before.stop()

    def _refuse(self, faults: Sequence[str]) -> None:
        """Tell why the policy in force stays in force."""
        metrics.POLICY_RELOADS.labels(self._service.name, "refused").inc()
        metrics.POLICY_REFUSED.labels(self._service.name).set(1)
        log.error("policy refused", faults=list(faults), in_force=self._context.policy.policy_version)

    def _in_force(self, policy: Policy, former: Policy | None) -> None:
        name = self._service.name
        if former is None:
            for outcome in ("applied", "refused", "unchanged"):
                metrics.POLICY_RELOADS.labels(name, outcome)
        else:
            metrics.POLICY.remove(name, former.policy_version)
        metrics.POLICY.labels(name, policy.policy_version).set(1)
        metrics.POLICY_REFUSED.labels(name).set(0)

    def _handed_on(self, loop: Loop) -> Loop:
        """Return a loop that turns the one of its name in the parts in force; it wakes with that one."""

        async def turn() -> datetime | None:
            async with self._use() as parts:
                return await _named(parts, loop.name).turn()

        async def oldest() -> datetime | None:
            async with self._use() as parts:
                told = _named(parts, loop.name).oldest
                return await told() if told is not None else None

        return replace(loop, turn=turn, oldest=oldest if loop.oldest is not None else None)

    async def _on_events(self, tx: Transaction, batch: Sequence[Incoming]) -> None:
        async with self._use() as parts:
            await parts.on_events(tx, batch)

    async def _on_rejected(self, tx: Transaction, batch: Sequence[Rejected]) -> None:
        async with self._use() as parts:
            if parts.on_rejected is not None:
                await parts.on_rejected(tx, batch)

    def _concerns(self, event: Event) -> bool:
        concerns = self._use.parts.concerns
        return concerns is None or concerns(event)

    def _hasty(self, body: bytes) -> bool:
        hasty = self._use.parts.hasty
        return hasty is not None and hasty(body)

    def _command(self, command: type[Command]) -> CommandHandler:
        async def answer(tx: Transaction, asked: Any) -> Mapping[str, Any] | Problem:
            async with self._use() as parts:
                return await parts.commands[command](tx, asked)

        return answer

    async def _gauges(self) -> None:
        async with self._use() as parts:
            gauges: Callable[[], Awaitable[None]] | None = parts.gauges
            if gauges is not None:
                await gauges()

    async def _forget(self, connection: Any, expired: WorkorderExpired) -> None:
        async with self._use() as parts:
            if parts.forget is not None:
                await parts.forget(connection, expired)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._use() as parts:
            if parts.web is not None:
                await parts.web.app(scope, receive, send)

    async def _stop(self) -> None:
        await self._use.stop()


def _named(parts: Parts, name: str) -> Loop:
    return next(loop for loop in parts.loops if loop.name == name)
