"""The adapter: listens, keeps what it hears of each call, and publishes each that is over."""

import asyncio
import json
from contextlib import suppress
from typing import Any, Final

import structlog
from websockets.asyncio.client import ClientConnection

from services.intake.adapters.asterisk.ari import Ari, AriError
from services.intake.adapters.asterisk.board import Board
from services.intake.adapters.asterisk.call import Call
from services.intake.adapters.asterisk.config import AsteriskConfig
from services.intake.adapters.asterisk.journal import Journal
from shared.adapters import BusAway, RefusedByBus, TooLarge, Work
from shared.plugins import Setup

PAUSES: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between attempts while Asterisk is away; the last one repeats."""
QUIET_SECONDS: Final = 20.0
"""Without an event for so long, the adapter shows that it still listens."""
SYSTEM: Final = "the telephone system"

log = structlog.get_logger()


class AsteriskAdapter:
    """Watches one Asterisk. A call is kept from its first event on, and forgotten once it is on the bus."""

    def __init__(self, setup: Setup) -> None:
        self._config: AsteriskConfig = setup.config
        self._ari = Ari(self._config, setup.secret(self._config.password))
        self._journal = Journal(setup.data / "calls")
        self._publishing: set[asyncio.Task[None]] = set()

    @property
    def channels(self) -> tuple[str, ...]:
        """Calls are contacts by telephone."""
        return (self._config.channel,)

    async def run(self, work: Work) -> None:
        """Watch until the end; what was over before is published first."""
        kept = list(self._journal.kept())
        board = Board(self._config.contexts, [call for call in kept if not call.over])
        for call in kept:
            if call.over:
                self._publish(call, work)
        work.report.missing(SYSTEM)
        work.report.ready()  # the process works: the suite does not wait for a switchboard that is away
        failures = 0
        while not work.stopping.is_set():
            try:
                async with self._ari.listening() as connection:
                    await self._catch_up(board, work)
                    failures = 0
                    work.report.found(SYSTEM)
                    await self._listen(connection, board, work)
            except AriError as error:
                if not failures:
                    log.warning("the telephone system is away", why=str(error))
                work.report.missing(SYSTEM)
            if not work.stopping.is_set():
                work.report.turned("events", QUIET_SECONDS + PAUSES[-1])
                await _pause(PAUSES[min(failures, len(PAUSES) - 1)], work.stopping)
                failures += 1
        if self._publishing:
            await asyncio.wait(self._publishing)

    async def _listen(self, connection: ClientConnection, board: Board, work: Work) -> None:
        """Apply the events of `connection` until it ends or the adapter is to stop."""
        stopping = asyncio.create_task(work.stopping.wait())
        try:
            while not stopping.done():
                arriving = asyncio.create_task(connection.recv())
                await asyncio.wait({arriving, stopping}, timeout=QUIET_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                work.report.turned("events", QUIET_SECONDS + PAUSES[-1])
                if not arriving.done():
                    arriving.cancel()
                    with suppress(asyncio.CancelledError):
                        await arriving
                    continue
                call = board.apply(_event(arriving.result()))
                if call is not None:
                    await self._keep(call, work)
        finally:
            stopping.cancel()

    async def _catch_up(self, board: Board, work: Work) -> None:
        """Learn what happened while nobody listened; the connection that is open already brings what follows."""
        channels, bridges = await self._ari.live()
        for call in board.catch_up(channels, bridges, work.now()):
            await self._keep(call, work)

    async def _keep(self, call: Call, work: Work) -> None:
        await asyncio.to_thread(self._journal.keep, call)
        if call.over:
            work.report.received()
            self._publish(call, work)

    def _publish(self, call: Call, work: Work) -> None:
        task = asyncio.create_task(self._published(call, work))
        self._publishing.add(task)
        task.add_done_callback(self._publishing.discard)

    async def _published(self, call: Call, work: Work) -> None:
        """Publish `call` for as long as it takes; a stop leaves it to the next start."""
        record = call.record(dict(self._config.agents), self._config.ring_seconds)
        if self._config.caller_number == "transmitted":
            record["caller_provenance"] = "caller_id"
        source = f"{self._config.channel}/{self._config.system}"
        while True:
            try:
                await work.publisher.publish(
                    self._config.channel,
                    source=source,
                    id=call.call_id,
                    data={"call_record": record},
                    time=call.ended_at,
                )
            except BusAway:
                if work.stopping.is_set():
                    return
            except (RefusedByBus, TooLarge) as error:
                log.error("the bus refuses a call: it is set aside", why=str(error))  # noqa: TRY400 (its words say all)
                work.report.refused("unpublishable")
                await asyncio.to_thread(self._journal.set_aside, call)
                return
            else:
                await asyncio.to_thread(self._journal.forget, call)
                return


def _event(message: str | bytes) -> dict[str, Any]:
    """Return the event in `message`; what is none means nothing."""
    try:
        event = json.loads(message)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


async def _pause(seconds: float, stopping: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stopping.wait()
