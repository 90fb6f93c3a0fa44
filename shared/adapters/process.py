"""Runs one adapter in this process: connects, builds, works until it is told to stop, and stops in order."""

import asyncio
import json
import os
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version

import structlog
from nats.aio.client import Client

from shared import metrics
from shared.adapters.adapter import Adapter
from shared.adapters.configured import build_adapter
from shared.adapters.publisher import Publisher
from shared.adapters.report import Report
from shared.adapters.work import Work
from shared.attachments import AttachmentStore
from shared.bus.connect import connect_lasting
from shared.clock import SystemClock
from shared.ending import CLOSE_SECONDS, WORK_SECONDS, Ending
from shared.health import Health, HealthServer
from shared.heartbeat import HeartbeatExchange, Pulse
from shared.log import configure_logging
from shared.policy import load_policy
from shared.settings import Settings

LOOK_SECONDS = 1.0
"""So often the process looks whether NATS is there, and turns its own part of the heartbeat."""

log = structlog.get_logger()


async def run(name: str, settings: Settings, *, on_end: Callable[[], None] | None = None) -> None:
    """Run the adapter `name` as the policy configures it until SIGTERM or SIGINT.

    SIGHUP ends it too: it is started again and reads the policy as it is then. What a sender was told is kept is on the
    bus; what is in hand is finished, or its sender is told to come again. `PluginError` where it cannot be built.
    """
    configure_logging(settings.log_level, adapter=name)
    ending = Ending(on_end)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, ending.begin)
    async with AsyncExitStack() as stack:
        health = Health()
        server = HealthServer(health, settings.metrics_host, settings.metrics_port)
        stack.callback(server.close)
        clock = await _clock(settings)
        policy = load_policy(settings.policy)
        adapter = build_adapter(name, settings, policy, clock.now)
        client = await ending.unless_asked(connect_lasting(settings, name, partial(_refused, ending)))
        if client is None:
            return
        stack.push_async_callback(ending.stop, CLOSE_SECONDS, nats=client.close)
        parts = _Parts(name, settings, client, health, server.url, clock)
        files = AttachmentStore(client, policy.intake.attachments, keep_days=settings.keep_days)
        await _work(adapter, parts, files, ending, stack)
        log.info("stopping")


class _Parts:
    """What the process has around its adapter."""

    def __init__(
        self, name: str, settings: Settings, client: Client, health: Health, metrics_url: str, clock: SystemClock
    ) -> None:
        self.name = name
        self.client = client
        self.now = clock.now
        self.pulse = Pulse()
        self.report = Report(name, health, self.pulse, self._ready)
        self.report.missing("starting")
        self.report.expect()
        self._settings = settings
        self._metrics_url = metrics_url

    def _ready(self, address: str | None) -> None:
        self.report.found("starting")
        metrics.SERVICE_UP.labels(self.name, version("yingda")).set(1)
        log.info("ready", metrics=self._metrics_url, address=address)
        if self._settings.ready_fd is not None:
            told = {"metrics": self._metrics_url, "web": address, "pid": os.getpid()}
            with os.fdopen(self._settings.ready_fd, "w") as pipe:
                json.dump(told | {"at": datetime.now(UTC).isoformat()}, pipe)

    async def look(self) -> None:
        """Keep telling whether NATS is there, for as long as the process works."""
        while True:
            there = self.client.is_connected
            metrics.SERVER_UP.labels(self.name, "nats").set(there)
            (self.report.found if there else self.report.missing)("NATS")
            self.report.turned("process", LOOK_SECONDS)
            await asyncio.sleep(LOOK_SECONDS)


async def _work(adapter: Adapter, parts: _Parts, files: AttachmentStore, ending: Ending, stack: AsyncExitStack) -> None:
    """Let the adapter work until the end is asked for, and then until it has finished what it has in hand."""
    metrics.SERVICE_STARTED.labels(parts.name).set(datetime.now(UTC).timestamp())
    heartbeats = HeartbeatExchange(parts.client, parts.name, parts.pulse, ())
    await heartbeats.start(listen=False)
    stack.push_async_callback(ending.stop, CLOSE_SECONDS, heartbeats=heartbeats.stop)
    publisher = Publisher(parts.client, adapter.channels, name=parts.name, now=parts.now)
    parts.pulse.measure("publisher", publisher.oldest_seconds)
    publisher.start()
    stack.push_async_callback(ending.stop, WORK_SECONDS, publisher=publisher.close)
    looking = asyncio.create_task(parts.look())
    stack.callback(looking.cancel)
    work = Work(publisher, parts.report, ending.asked, parts.now, files, parts.client)
    working = asyncio.create_task(adapter.run(work), name=parts.name)
    asked = asyncio.create_task(ending.asked.wait())
    await asyncio.wait({working, asked}, return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if working.done():
        working.result()
        return
    await ending.stop(WORK_SECONDS, adapter=lambda: _finished(working))


async def _finished(working: asyncio.Task[None]) -> None:
    await working


async def _refused(ending: Ending) -> None:
    """End, to be started again: the server knows our key no more, and the one in the file may be new."""
    if not ending.asked.is_set():
        log.error("NATS knows this process no more: it ends, to be started again with its present key")
        ending.begin()


async def _clock(settings: Settings) -> SystemClock:
    """Return this machine's clock; where the suite rehearses, the one that all its processes share."""
    if not settings.clock:
        return SystemClock()
    from shared.rehearsal import clock_of  # noqa: PLC0415 (adapters have nothing to do with PostgreSQL otherwise)

    return await clock_of(settings)
