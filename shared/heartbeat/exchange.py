"""Telling and hearing heartbeats on core NATS, with the metric and the log lines that follow from them."""

import asyncio
import time
from collections.abc import Collection

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from pydantic import ValidationError

from shared import metrics
from shared.heartbeat.message import EVERY_SECONDS, SUBJECT_PREFIX, Heartbeat
from shared.heartbeat.pulse import Pulse
from shared.heartbeat.rollcall import PROCESS, QUIET_SECONDS, RollCall, Standing
from shared.ids import new_id

AWAKE_SECONDS = 1.0
"""A process that was stopped and goes on has this long to turn its loops before it tells of them."""

log = structlog.get_logger()


class HeartbeatExchange:
    """One process's part in the exchange: it tells of its pulse, and watches the others."""

    def __init__(self, client: Client, service: str, pulse: Pulse, services: Collection[str]) -> None:
        """Listen to the `services` only: whatever else is published there makes no metric."""
        self._client = client
        self._service = service
        self._pulse = pulse
        self._services = frozenset({*services, service})
        self._instance = new_id()
        self._began = time.monotonic()
        self._roll = RollCall(self._instance, self._began, self._services)
        self._shown: set[tuple[str, str]] = set()
        self._stalled: set[tuple[str, str]] = set()
        self._accused: set[tuple[str, str]] = set()
        self._subscription: Subscription | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self, *, listen: bool = True) -> None:
        """Listen and tell from now on; who may not hear the others only tells."""
        if listen:
            self._subscription = await self._client.subscribe(f"{SUBJECT_PREFIX}*", cb=self._hear)
        self._task = asyncio.create_task(self._run(), name="heartbeat")

    async def stop(self) -> None:
        """Say goodbye, so that nobody waits for this process any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._tell(leaving=True)
        for place in self._shown:
            metrics.HEARTBEAT_AGE.remove(*place)
        self._shown.clear()

    async def _run(self) -> None:
        while True:
            await self._tell()
            self._judge()
            began = time.monotonic()
            await asyncio.sleep(EVERY_SECONDS)
            if time.monotonic() - began > QUIET_SECONDS:  # the whole process was stopped: its loops come first
                await asyncio.sleep(AWAKE_SECONDS)

    async def _tell(self, *, leaving: bool = False) -> None:
        if not self._client.is_connected:
            return  # kept for later it would tell of a moment that has passed
        beat = Heartbeat(
            service=self._service,
            instance=self._instance,
            up_seconds=time.monotonic() - self._began,
            parts={part: round(seconds, 2) for part, seconds in self._pulse.overdue().items()},
            leaving=leaving,
        )
        try:
            await self._client.publish(beat.subject, beat.model_dump_json().encode())
            if leaving:
                await self._client.flush(timeout=1)
        except (nats.errors.Error, OSError, TimeoutError):
            return  # a server that is away is told of elsewhere

    async def _hear(self, message: Msg) -> None:
        try:
            beat = Heartbeat.model_validate_json(message.data)
        except ValidationError:
            return
        if beat.service in self._services and message.subject == beat.subject:
            self._roll.hear(beat, time.monotonic())

    def _judge(self) -> None:
        """Forget who is gone, show what is there, and log once for each stall, and once for its end."""
        now = time.monotonic()
        for gone in self._roll.forget(now):
            log.warning("process replaced", of=gone.service, instance=gone.instance)
        standings = {(one.service, one.part): one for one in self._roll.standings(now)}
        self._show(set(standings))
        stalled = {place for place, one in standings.items() if one.stalled}
        for place in sorted(stalled - self._stalled):
            self._accuse(standings[place], standings[place[0], PROCESS])
        for place in sorted(self._accused - stalled):
            self._accused.remove(place)
            log.warning("advances again", of=place[0], part=place[1])
        self._stalled = stalled

    def _accuse(self, one: Standing, process: Standing) -> None:
        if one.part != PROCESS and process.stalled and process.instance == one.instance:
            return  # one line for a silent process, not one for each of its parts
        self._accused.add((one.service, one.part))
        log.error("stands still", of=one.service, part=one.part, instance=one.instance, seconds=round(one.seconds))

    def _show(self, places: set[tuple[str, str]]) -> None:
        """Let the metric have exactly these places; their values are computed when somebody asks."""
        for place in self._shown - places:
            metrics.HEARTBEAT_AGE.remove(*place)
        for service, part in places - self._shown:
            metrics.HEARTBEAT_AGE.labels(service, part).set_function(_Age(self._roll, service, part))
        self._shown = places


class _Age:
    """The seconds of one part as they are at the moment when they are asked for, also while the event loop stands."""

    def __init__(self, roll: RollCall, service: str, part: str) -> None:
        self._roll = roll
        self._place = (service, part)

    def __call__(self) -> float:
        found = self._roll.standings(time.monotonic())
        return next((one.seconds for one in found if (one.service, one.part) == self._place), 0.0)
