"""The sender: claims what is due, commits, sends outside any transaction, records what came of it (ADR 0008)."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import structlog

from services.notify.domain.delivery import fates, follow, taken
from services.notify.domain.outcome import NeverSent
from services.notify.handlers.at_once import AtOnce
from services.notify.handlers.claim import Claimer
from services.notify.handlers.compose import Addressed, Composed, Composer, Later
from services.notify.handlers.pace import longest
from services.notify.handlers.record import Attempt, Recorder
from services.notify.handlers.transports import Transports
from services.notify.ports import BATCHES_AT_ONCE, Outcome, Sent, Transport
from services.notify.store import queue, windows
from services.notify.store.presence import Presence
from shared import metrics
from shared.bus.outbox import Outbox
from shared.clock import Clock

BATCH = 200
LANES = BATCHES_AT_ONCE
STOP_SECONDS = 5.0
RECOVER_SECONDS = 5.0
FACTS_SECONDS = 0.3
"""Another replica that has the missing facts in hand has written them by then."""
TIDY_SECONDS = 600.0
PAUSE_SECONDS = 0.005
LANE_SECONDS = 0.1
BUSY_SECONDS = 1.0
OUT_SECONDS = 5.0
PATIENCE_SECONDS = 1.0
TOGETHER_SECONDS = 0.05
"""What was taken waits so long for the rest of its batch, which other transports have in hand, to be recorded with it."""

Lane = tuple[str, str]
"""A transport and the channel that it carries."""
Load = tuple[Lane, Sequence[Composed]]
"""What leaves by one lane in one batch."""

log = structlog.get_logger()


class Sender:
    """One sender process's share of the queue."""

    def __init__(
        self, outbox: Outbox, clock: Clock, composer: Composer, transports: Transports, presence: Presence
    ) -> None:
        self.wake = asyncio.Event()
        self._outbox = outbox
        self._clock = clock
        self._composer = composer
        self._transports = transports
        self._presence = presence
        self._claimer = Claimer(composer, self.way)
        self.recorder = Recorder(outbox, presence, composer)
        self.at_once = AtOnce(self._claimer, self.recorder, presence, self)
        self._expected = 0
        self._following: datetime | None = None
        self._stopping = False
        self._patient_until = 0.0
        self._recover_at = 0.0
        self._tidy_at = time.monotonic() + TIDY_SECONDS
        self._lanes: defaultdict[Lane, int] = defaultdict(int)
        self._tasks: set[asyncio.Task[None]] = set()

    def nudge(self, count: int) -> None:
        """Look for `count` notifications that are due and written by a transaction not committed yet."""
        if not count:
            return
        self._expected += count
        self._patient_until = time.monotonic() + PATIENCE_SECONDS
        self.wake.set()

    @property
    def free(self) -> bool:
        """Whether more could be sent this moment: no transport has all that it can carry, and nobody stops."""
        return not self._stopping and all(carried < LANES for carried in self._lanes.values())

    def start(self, ready: Sequence[Composed]) -> None:
        """Send messages whose notifications are, by a transaction that is committed, in the hands of this sender."""
        lanes: defaultdict[Lane, list[Composed]] = defaultdict(list)
        for composed in ready:
            lanes[composed.lane].append(composed)
        loads = [
            (lane, messages[start : start + BATCH])
            for lane, messages in lanes.items()
            for start in range(0, len(messages), BATCH)
        ]
        if loads:
            task = asyncio.create_task(self._carry(loads))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def expect(self, at: datetime) -> None:
        """Look again at `at`, where that is before the next turn."""
        if self._following is None or at < self._following:
            self.wake.set()

    def look_for_facts(self) -> None:
        """Look soon for the facts that something waits for: another replica may have written them at that very moment."""
        self._recover_at = min(self._recover_at, time.monotonic() + FACTS_SECONDS)
        asyncio.get_running_loop().call_later(FACTS_SECONDS, self.wake.set)

    async def turn(self) -> datetime | None:
        """Send what is due; return when the next is due, or a moment ahead while some are expected."""
        await self.recorder.record_left()
        if time.monotonic() >= self._recover_at:
            await self._recover()
            self._recover_at = time.monotonic() + RECOVER_SECONDS
        if time.monotonic() >= self._tidy_at:
            await self._tidy()
            self._tidy_at = time.monotonic() + TIDY_SECONDS
        if any(carried >= LANES for carried in self._lanes.values()):
            await asyncio.wait(self._tasks, timeout=LANE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        found, following = await self._claim()
        self._following = following
        self._expected = max(0, self._expected - found)
        if found:
            return self._clock.now()
        if self._expected and time.monotonic() < self._patient_until:
            return self._moment_ahead(PAUSE_SECONDS)
        self._expected = 0
        # what is due already is in the hands of another sender or waits for a lane: not at once again
        return max(following, self._moment_ahead(PAUSE_SECONDS)) if following else None

    async def idle(self) -> None:
        """Return when everything that was claimed has been sent and recorded."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self) -> None:
        """Finish what is in hand, for as long as a stop may take, and sign off; the rest is recovered at the next start."""
        self._stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        await self._transports.close()
        await self._presence.close()

    async def _claim(self) -> tuple[int, datetime | None]:
        """Claim and start to send what is due; return how many there were and when the next is due."""
        async with self._outbox.transaction() as tx:
            found, decided = await self._claimer.claim(tx, self._presence.id, BATCH)
            self.recorder.tell_suppressed(tx, decided.nobody)
            following = None if found else await queue.next_due(tx.connection)
        self.start(decided.ready)
        if decided.waits:
            self.look_for_facts()
        return found, following

    def way(self, chain: Sequence[str], channel: str, route: int) -> int | Later:
        """Return which transport of `chain` takes a message now, or when to ask again.

        It is the one at `route`; where that one does not work, the next that does, from the beginning again at the end.
        """
        for number in (route + step for step in range(len(chain))):
            name = chain[number % len(chain)]
            if self._lanes[name, channel] >= LANES and self._transports.find(name, channel) is not None:
                return Later(self._moment_ahead(BUSY_SECONDS), "the transport is busy")
            if self._transports.admits(name, channel):
                return number % len(chain)
        return Later(self._moment_ahead(OUT_SECONDS), "no transport for it works")

    def _routes(self, attempt: Attempt) -> int:
        """Return how many transports of its chain a message can go through: what does not work at the end is no way."""
        chain = self._composer.chain(attempt.queued.audience, attempt.channel)
        works = [number for number, name in enumerate(chain) if self._transports.works(name, attempt.channel)]
        return works[-1] + 1 if works else len(chain)

    async def _carry(self, loads: Sequence[Load]) -> None:
        """Send all `loads` at once, and record what came of them: of those that end at about the same time together."""
        for lane, _messages in loads:
            self._lanes[lane] += 1
        under_way = {asyncio.create_task(self._send(lane, messages)): lane for lane, messages in loads}
        try:
            while under_way:
                ended, others = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                if others:
                    more, _ = await asyncio.wait(others, timeout=TOGETHER_SECONDS)
                    ended |= more
                await self._record([attempt for task in ended for attempt in task.result()])
                for task in ended:
                    self._lanes[under_way.pop(task)] -= 1
        finally:
            for task, lane in under_way.items():
                task.cancel()
                self._lanes[lane] -= 1

    async def _send(self, lane: Lane, messages: Sequence[Composed]) -> list[Attempt]:
        """Send one batch by one transport and judge what came of it; nothing is judged where that fails."""
        try:
            began = time.perf_counter()
            outcomes = await self._transports.send(*lane, [composed.outbound for composed in messages])
            metrics.NOTIFICATION_SECONDS.labels(lane[0]).observe(time.perf_counter() - began)
            return [
                self._judged(_attempt(part), outcome)
                for composed, outcome in zip(messages, outcomes, strict=True)
                for part in composed.parts
            ]
        except Exception as error:  # noqa: BLE001 (it must not take along what the other transports have sent)
            log.warning("outcomes will be recorded later", why=type(error).__name__)
            return []

    async def _record(self, judged: Sequence[Attempt]) -> None:
        look_again = True
        try:
            await self.recorder.record(judged)
            look_again = any(one.verdict is None or one.verdict.state == "queued" for one in judged)
        except Exception as error:  # noqa: BLE001 (what could not be recorded is kept, and recorded at the next turn)
            log.warning("outcomes will be recorded later", why=type(error).__name__)
        finally:
            if look_again:
                self.wake.set()

    def _judged(self, attempt: Attempt, outcome: Outcome | NeverSent) -> Attempt:
        """Return the attempt with its outcome and what follows from that."""
        if isinstance(outcome, Sent):
            return attempt.judged(outcome, taken(attempt.route))
        transport = self._transports.find(attempt.transport, attempt.channel)
        verdict = follow(
            outcome,
            tries=attempt.tries,
            route=attempt.route,
            routes=self._routes(attempt),
            more=attempt.more,
            resend=attempt.queued.audience == "staff" or (transport is not None and transport.resend_when_unknown),
            retries=self._composer.policy.notify.retries,
        )
        return attempt.judged(outcome, verdict)

    async def _recover(self) -> None:
        """Find what a sender left in its hands, ask its transport, and judge it (R-NT-04)."""
        await self._presence.ensure()
        while True:
            async with self._outbox.transaction() as tx:
                await queue.release_ready(tx.connection, tx.now)
                left = await queue.abandoned(tx.connection, BATCH)
                await queue.claim(
                    tx.connection, self._presence.id, [{"notification_id": one.notification_id} for one in left]
                )
            by_lane: defaultdict[Lane, list[Attempt]] = defaultdict(list)
            for one in left:
                attempt = Attempt.of(
                    one,
                    one.transport or "",
                    one.channel or "",
                    one.to_masked or "",
                    attempt=one.attempt,
                    route=one.route,
                )
                by_lane[attempt.transport, attempt.channel].append(attempt)
            for (name, channel), attempts in by_lane.items():
                log.warning("messages were left unrecorded", transport=name, count=len(attempts))
                outcomes = await self._fates(self._transports.find(name, channel), attempts)
                pairs = zip(attempts, outcomes, strict=True)
                await self.recorder.record([self._judged(attempt, outcome) for attempt, outcome in pairs])
            if len(left) < BATCH:
                return

    async def _tidy(self) -> None:
        """Forget the departures that no limit counts any more."""
        async with self._outbox.transaction() as tx:
            await windows.forget(tx.connection, tx.now - longest(self._composer.policy))

    async def _fates(self, transport: Transport | None, attempts: Collection[Attempt]) -> list[Outcome | NeverSent]:
        ids = [attempt.queued.notification_id for attempt in attempts]
        taken = await transport.sent_before(ids) if transport is not None else None
        return fates(ids, taken)

    def _moment_ahead(self, real_seconds: float) -> datetime:
        """Return what the clock shows after `real_seconds`, also where it runs faster than the real one."""
        now = self._clock.now()
        hour = max(self._clock.seconds_until(now + timedelta(hours=1)), 0.001)
        return now + timedelta(seconds=real_seconds * 3600 / hour)


def _attempt(part: Addressed) -> Attempt:
    return Attempt.of(
        part.queued,
        part.transport,
        part.channel,
        part.to_masked,
        attempt=part.queued.attempt + 1,
        tries=part.queued.tries + 1,
        route=part.route,
        fingerprint=part.fingerprint,
        more=part.more,
    )
