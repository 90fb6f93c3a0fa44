"""Runs one service in this process: connects, checks, builds, works until it is told to stop, and stops in order."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any

import nats.errors
import structlog
from faststream.nats import NatsBroker
from nats.aio.client import Client
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from shared import metrics
from shared.bus.ahead import LONG_QUEUE, LOOK_FIRST_SECONDS, LOOK_SECONDS, FirstLook
from shared.bus.ask import asker_of
from shared.bus.commands import CommandDesk, CommandServer
from shared.bus.connect import make_broker
from shared.bus.erase import eraser_of
from shared.bus.failures import told
from shared.bus.outbox import Outbox
from shared.bus.pace import Pace, lags_of
from shared.bus.position import Position, position_of
from shared.bus.publish import Publisher
from shared.bus.read import reader_of
from shared.bus.runtime import BatchRuntime
from shared.bus.streams import EVENTS
from shared.bus.subscriber import PromptBatchSubscriber, subscribe
from shared.bus.wire import read_leanly
from shared.clock import SystemClock, sleep_until
from shared.db import create_engine
from shared.ending import CLOSE_SECONDS, WORK_SECONDS, Ending
from shared.health import Health, HealthServer
from shared.heartbeat import HeartbeatExchange, Pulse
from shared.log import configure_logging
from shared.policy import load_policy
from shared.policy.adapters import adapter_names
from shared.provision import check
from shared.rehearsal import read_database_clock, shared_clock
from shared.renewal import Renewal
from shared.retention import TURN_SECONDS, Retention, forgetting, runtime_expiries
from shared.series import expect
from shared.service import Context, Loop, Parts, Service, service_names
from shared.settings import Settings
from shared.tracing import start_tracing

RELAY_SECONDS = 1.0
LAST_RELAY_SECONDS = 1.0
CATCH_UP_SECONDS = 0.1
"""Between two turns of the relay while the process is behind: nothing is published directly until it has caught up."""
GAUGES_SECONDS = 5.0
GAUGES_REST = 50
"""A service's own gauges rest so many times as long as reading them took: counting a million rows never takes over."""
GAUGES_REST_SECONDS = 30.0
FAILURE_PAUSE_SECONDS = 0.5
CONSUMER_REST_SECONDS = 5.0
"""A consumer turns at least so often, also while there is nothing to consume."""

log = structlog.get_logger()


async def run(service: Service, settings: Settings, *, on_end: Callable[[], None] | None = None) -> None:
    """Run `service` until SIGTERM or SIGINT; the batch in hand is finished and acknowledged before it returns.

    SIGHUP lets it read the policy file again (`shared.renewal`).

    `on_end` is called at that signal. What takes longer than the time that all have in common is cut off.
    """
    configure_logging(settings.log_level, service=service.name)
    ending = Ending(on_end)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.begin)
    renewal = Renewal(service)
    loop.add_signal_handler(signal.SIGHUP, renewal.ask)
    async with AsyncExitStack() as stack:
        running = await ending.unless_asked(_start(service, settings, stack, ending, renewal))
        if running is None:
            return
        metrics.SERVICE_UP.labels(service.name, version("yingda")).set(1)
        _tell_ready(settings, running.health_server.url, running.web_url)
        log.info("ready", metrics=running.health_server.url, web=running.web_url)
        await ending.asked.wait()
        log.info("stopping")


async def _start(
    service: Service, settings: Settings, stack: AsyncExitStack, ending: Ending, renewal: Renewal
) -> "Running":
    """Build and start everything in order; what `stack` unwinds stops it in the opposite order."""
    health = Health()
    health_server = HealthServer(health, settings.metrics_host, settings.metrics_port)
    stack.callback(health_server.close)
    tracing = start_tracing(settings.tracing, service.name)
    if tracing is not None:
        stack.push_async_callback(ending.stop, CLOSE_SECONDS, traces=tracing.stop)
    engine = create_engine(settings, role=service.name)
    stack.push_async_callback(ending.stop, CLOSE_SECONDS, postgresql=engine.dispose)

    connected = asyncio.Event()

    async def on_refused() -> None:
        """End, to be started again: nobody takes up a connection that the server has refused, and the key may be new."""
        if connected.is_set() and not ending.asked.is_set():
            log.error("NATS knows this process no more: it ends, to be started again with its present key")
            ending.begin()

    broker = make_broker(settings, service.name, on_refused)
    stack.push_async_callback(ending.stop, CLOSE_SECONDS, nats=broker.stop)
    client: Client = await broker.connect()
    connected.set()
    read_leanly(client)
    async with engine.connect() as connection:
        await check(connection, client, service)
    async with engine.begin() as connection:
        clock = await shared_clock(connection, settings.clock)
    outbox = Outbox(service.name, engine, service.tables, clock, Publisher(client, EVENTS.name), tracing)
    outbox.fall_behind()  # what a crash has left is published first
    context = Context(
        settings,
        load_policy(settings.policy),
        clock,
        engine,
        outbox,
        position_of(client, service.consumer),
        eraser_of(client, service.stream),
        asker_of(client),
        reader_of(client, service.stream),
    )
    parts = await renewal.build(context)
    expect(service, parts, context.policy)
    metrics.SERVICE_STARTED.labels(service.name).set(clock.real_now().timestamp())
    if parts.stop is not None:
        stack.push_async_callback(ending.stop, CLOSE_SECONDS, parts=parts.stop)
    running = Running(service, context, clock, parts, broker, client, health, health_server)
    await running.start(stack, ending)
    return running


class Running:
    """A started service: its subscriber, its command desk and its loops."""

    def __init__(
        self,
        service: Service,
        context: Context,
        clock: SystemClock,
        parts: Parts,
        broker: NatsBroker,
        client: Client,
        health: Health,
        health_server: HealthServer,
    ) -> None:
        self.health_server = health_server
        self.web_url: str | None = None
        """Where the service serves HTTP to the world outside, if it does."""
        self._service = service
        self._context = context
        self._clock = clock
        self._parts = parts
        self._broker = broker
        self._client = client
        self._health = health
        self._loops: list[Loop] = []
        self._look: FirstLook | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._gauges_rest_until = 0.0  # on the loop's own clock
        self._pulse = Pulse()
        self._heartbeats = HeartbeatExchange(
            client, service.name, self._pulse, (*service_names(), *adapter_names(context.policy))
        )
        expiries = [*parts.expiries, *runtime_expiries(service.tables, context.settings.keep_days)]
        self._retention = Retention(context.outbox, expiries)
        self._runtime = BatchRuntime(
            context.outbox,
            forgetting(parts.on_events, parts.forget, service.tables),
            raw=not service.consumes,
            on_rejected=parts.on_rejected,
            concerns=parts.concerns,
        )

    async def start(self, stack: AsyncExitStack, ending: Ending) -> None:
        """Start consuming, answering and turning; `stack` lets what is in hand be finished, all of it side by side."""
        desk = CommandDesk(self._context.outbox, self._parts.commands)
        commands = CommandServer(self._client, desk, self._service.name)
        self._pulse.measure("desk", commands.oldest_seconds)
        subscriber = self._subscriber()
        await self._heartbeats.start()
        stack.push_async_callback(ending.stop, CLOSE_SECONDS, heartbeats=self._heartbeats.stop)
        relay = Loop("relay", self._relay, longest_sleep_seconds=RELAY_SECONDS)
        self._context.outbox.when_behind(relay.wake.set)
        self._loops = [
            *self._parts.loops,
            Loop("retention", self._retention.turn, longest_sleep_seconds=TURN_SECONDS, patience_seconds=TURN_SECONDS),
            relay,
            *self._first_look(),
            Loop("gauges", self._gauges, longest_sleep_seconds=GAUGES_SECONDS),
        ]
        stack.push_async_callback(ending.stop, CLOSE_SECONDS, outbox=self._tell_sent)
        stops: dict[str, Callable[[], Awaitable[None]]] = {"loops": self._end_loops}
        stack.push_async_callback(self._stop, ending, stops)
        for loop in self._loops:
            self._tasks.append(asyncio.create_task(self._turn(loop), name=loop.name))
        stops["consumer"] = subscriber.stop
        await self._broker.start()
        stops["commands"] = commands.stop
        await commands.start()
        if self._parts.web is not None:
            from shared.web import WebServer  # noqa: PLC0415 (most services serve nothing, and it is large)

            web = WebServer(self._parts.web)
            await web.start()
            stops["web"] = web.stop
            self.web_url = web.url
        self._health.set_missing()

    async def _stop(self, ending: Ending, stops: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
        self._runtime.stopping.set()
        await ending.stop(WORK_SECONDS, **stops)

    async def _tell_sent(self) -> None:
        """Note what the last batches have published, so that nobody does it again, and publish what they have left.

        For a moment only: while other replicas work there is always more, and it is theirs.
        """
        outbox, now = self._context.outbox, asyncio.get_running_loop().time
        until = now() + LAST_RELAY_SECONDS
        while await outbox.relay() and outbox.behind and now() < until:
            continue

    def _subscriber(self) -> PromptBatchSubscriber:
        subscriber = subscribe(self._broker, self._service.consumer, self._context.settings.batch_size)
        subscriber.on_turn = self._consumer_turned
        subscriber.gather_seconds = self._service.gather_seconds
        paced_by = self._service.paced_by
        pace = Pace(lags_of(self._client, paced_by)) if paced_by is not None else None

        @subscriber
        async def on_batch(messages: Any) -> None:
            if messages[-1].metadata.num_pending >= LONG_QUEUE:
                if self._look is not None:
                    await self._look.level(LOOK_FIRST_SECONDS)
                if pace is not None:
                    await pace.wait()
            await self._runtime.process(messages)

        return subscriber

    def _first_look(self) -> list[Loop]:
        hasty, context = self._parts.hasty, self._context
        if hasty is None:
            return []
        stream, clock = self._service.stream, self._clock
        self._look = FirstLook(hasty, stream, self._runtime, context.read, context.position, clock)
        return [Loop("first_look", self._look.turn, longest_sleep_seconds=LOOK_SECONDS)]

    async def _turn(self, loop: Loop) -> None:
        """Turn `loop` until the service stops; a failing turn is told and repeated after a pause."""
        while not self._runtime.stopping.is_set():
            self._beat(loop.name)
            self._pulse.begins(loop.name, loop.patience_seconds)
            longest = self._clock.now() + timedelta(seconds=loop.longest_sleep_seconds * self._clock.speed)
            try:
                wanted = await loop.turn()
            except Exception as error:  # noqa: BLE001 (a loop must outlive whatever one turn meets)
                log.warning("turn failed", loop=loop.name, **told(error))
                await asyncio.sleep(FAILURE_PAUSE_SECONDS)
                continue
            at = min(wanted, longest) if wanted is not None else longest
            rest = self._clock.seconds_until(at)
            self._pulse.advanced(loop.name, rest)
            if rest > 0:
                await sleep_until(self._clock, at, loop.wake)

    async def _end_loops(self) -> None:
        """Let every loop finish the turn in hand; one that takes too long is cut off, as by a crash."""
        for loop in self._loops:
            loop.wake.set()
        try:
            await asyncio.wait(self._tasks)
        finally:
            for task in self._tasks:
                task.cancel()

    def _consumer_turned(self) -> None:
        self._beat("consumer")
        self._pulse.advanced("consumer", CONSUMER_REST_SECONDS)

    def _beat(self, loop: str) -> None:
        self._health.turned()
        # PostgreSQL's time: by a machine's wrong clock a loop that stands still would look alive, or a live one dead.
        metrics.LOOP_HEARTBEAT.labels(self._service.name, loop).set(self._clock.real_now().timestamp())

    async def _relay(self) -> datetime | None:
        outbox = self._context.outbox
        if await outbox.relay():
            return self._clock.now()
        pause = timedelta(seconds=CATCH_UP_SECONDS * self._clock.speed)
        return self._clock.now() + pause if outbox.behind else None

    async def _gauges(self) -> datetime | None:
        """Refresh what is read from the servers, and with it the readiness."""
        name, missing = self._service.name, []
        try:
            async with self._context.engine.connect() as connection:
                await read_database_clock(connection, self._clock)
            await self._await_work(await _count(self._context.engine, name, self._service))
            await self._own_gauges()
        except Exception as error:  # noqa: BLE001 (whatever the database says, the probe tells it)
            log.warning("PostgreSQL does not answer", **told(error))
            missing.append("PostgreSQL")
        try:
            position = await self._context.position()
            _measure(name, self._service.stream.name, position)
            self._pulse.backlog("consumer", position.applied if position.waiting else None)
        except (nats.errors.Error, OSError, TimeoutError):
            missing.append("NATS")
        for server in ("NATS", "PostgreSQL"):
            metrics.SERVER_UP.labels(name, server.lower()).set(server not in missing)
        metrics.CLOCK_DRIFT.labels(name).set(-self._clock.drift_seconds)
        self._health.set_missing(*missing)
        return None

    async def _await_work(self, unsent_seconds: float | None) -> None:
        """Note what waits for the relay and for the loops that can tell, so that turning without progress shows."""
        self._pulse.backlog("relay", None if unsent_seconds is None else time.monotonic() - unsent_seconds)
        for loop in self._parts.loops:
            if loop.oldest is not None:
                at = await loop.oldest()
                waits = at is not None and at <= self._clock.now()
                self._pulse.backlog(loop.name, at.timestamp() if at is not None and waits else None)

    async def _own_gauges(self) -> None:
        """Refresh the service's own gauges, unless reading them last took so long that they still rest."""
        now = asyncio.get_running_loop().time
        if self._parts.gauges is None or now() < self._gauges_rest_until:
            return
        began = now()
        await self._parts.gauges()
        self._gauges_rest_until = now() + min((now() - began) * GAUGES_REST - GAUGES_SECONDS, GAUGES_REST_SECONDS)


def _measure(name: str, stream: str, position: Position) -> None:
    metrics.CONSUMER_BACKLOG.labels(name).set(position.waiting)
    metrics.STREAM_MESSAGES.labels(stream).set(position.messages)
    metrics.STREAM_BYTES.labels(stream).set(position.bytes)


async def _count(engine: AsyncEngine, name: str, service: Service) -> float | None:
    """Refresh the gauges of the runtime's tables; return the age of the oldest unsent event in seconds, if any."""
    outbox, letters, parked = service.tables.outbox, service.tables.dead_letters, service.tables.parked
    age = func.extract("epoch", func.clock_timestamp() - func.min(outbox.c.created_at))
    if isinstance(engine.pool, AsyncAdaptedQueuePool):
        metrics.DATABASE_CONNECTIONS.labels(name).set(engine.pool.checkedout())
    async with engine.connect() as connection:
        waiting = select(func.coalesce(func.sum(outbox.c.events), 0), age).where(outbox.c.sent_at.is_(None))
        unsent = (await connection.execute(waiting)).one()
        metrics.OUTBOX_BACKLOG.labels(name).set(unsent[0])
        metrics.OUTBOX_AGE.labels(name).set(float(unsent[1] or 0))
        dead = await connection.scalar(select(func.count()).where(letters.c.state == text("'open'")))
        metrics.DEAD_LETTERS_OPEN.labels(name).set(dead or 0)
        metrics.PARKED.labels(name).set(await connection.scalar(select(func.count()).select_from(parked)) or 0)
    oldest: float | None = unsent[1]
    return oldest if oldest is None else float(oldest)


def _tell_ready(settings: Settings, metrics_url: str, web_url: str | None) -> None:
    """Tell whoever started this process, over the pipe it gave us, that the service works now."""
    if settings.ready_fd is None:
        return
    with os.fdopen(settings.ready_fd, "w") as pipe:
        told_at = datetime.now(UTC).isoformat()
        json.dump({"metrics": metrics_url, "web": web_url, "pid": os.getpid(), "at": told_at}, pipe)
