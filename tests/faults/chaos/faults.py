"""Does the harm that the plan says, lane by lane, and makes everything whole again."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path

import asyncpg
import nats.errors
from nats.js.api import StreamConfig

from shared.bus.streams import STREAMS
from tests.faults.chaos.plan import SERVICES, Fault, Plan
from tests.faults.chaos.surroundings import Surroundings, parent_of
from tests.pace import at, lasts
from tests.polling import NotInTimeError, until

DELAY_SECONDS = 0.15
RESTARTED_SECONDS = 60.0
PAUSE_SECONDS = 0.02
AWAY = (nats.errors.Error, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Harm:
    """Inflicts the faults of a plan on the surroundings and counts what was done."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self.done: Counter[str] = Counter()

    async def inflict(self, plan: Plan, began: float) -> None:
        """Return when every fault of `plan` has been done and is over; `began` is the start on the loop's clock."""
        lanes: dict[str, list[Fault]] = {}
        for fault in plan.faults:
            lanes.setdefault(fault.lane, []).append(fault)
        async with asyncio.TaskGroup() as group:
            for faults in lanes.values():
                group.create_task(self._lane(faults, began))

    async def _lane(self, faults: Iterable[Fault], began: float) -> None:
        for fault in faults:
            await at(began + fault.at)
            await self._way(fault)(fault)
            self.done[f"{fault.lane} {fault.kind}"] += 1

    def _way(self, fault: Fault) -> Callable[[Fault], Awaitable[None]]:
        lanes = {
            "house": self._house,
            "nats": self._nats,
            "postgres": self._postgres,
            "nats-link": self._link,
            "postgres-link": self._link,
            "contacts-stream": self._stream,
            "events-stream": self._stream,
            "database": self._database,
        }
        return self._service if fault.lane in SERVICES else lanes[fault.lane]

    async def _service(self, fault: Fault) -> None:
        pid = await self._pid(fault.lane)
        if pid is None:
            return
        with suppress(ProcessLookupError):
            if fault.kind == "pause":
                await self._frozen([pid], fault.seconds)
                return
            os.kill(pid, signal.SIGKILL if fault.kind == "kill" else signal.SIGTERM)
        await self._until(lambda: self._around.pids.get(fault.lane, pid) != pid)

    async def _house(self, _fault: Fault) -> None:
        """Kill the process that all services were forked from: they all end with it."""
        if (pid := await self._pid("intake")) is not None and (parent := parent_of(pid)) is not None:
            with suppress(ProcessLookupError):
                os.kill(parent, signal.SIGKILL)

    async def _nats(self, fault: Fault) -> None:
        servers = self._around.servers
        if fault.kind == "pause":
            await self._frozen([servers.pids["nats"]], fault.seconds)
        elif fault.kind == "kill":
            await servers.kill_nats()
        if fault.kind != "pause":
            await servers.restart_nats()

    async def _postgres(self, fault: Fault) -> None:
        servers = self._around.servers
        if fault.kind == "pause":
            pid = servers.pids["postgres"]
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
            await self._frozen([pid, *map(int, children)], fault.seconds)
        elif fault.kind == "kill":
            await servers.kill_postgres()
        if fault.kind != "pause":
            await servers.restart_postgres()

    async def _frozen(self, pids: Iterable[int], seconds: float) -> None:
        """Stop the processes and let them go on after a while."""
        frozen = []
        try:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
                    frozen.append(pid)
            await lasts(seconds)
        finally:
            for pid in frozen:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    async def _link(self, fault: Fault) -> None:
        link = self._around.nats_link if fault.lane == "nats-link" else self._around.postgres_link
        if fault.kind == "cut":
            link.cut()
        elif fault.kind == "silence":
            link.silence(fault.seconds)
            await lasts(fault.seconds)
        else:
            link.delay_seconds = DELAY_SECONDS
            await lasts(fault.seconds)
            link.delay_seconds = 0.0

    async def _stream(self, fault: Fault) -> None:
        """Let the stream take nothing more for a while."""
        name = "CONTACTS" if fault.lane == "contacts-stream" else "EVENTS"
        await self._until_done(lambda: self._limit(name, fault.kind))
        try:
            await lasts(fault.seconds)
        finally:
            await self._until_done(lambda: self._limit(name, None))

    async def _limit(self, name: str, kind: str | None) -> None:
        jetstream = self._around.client.jetstream()
        state = (await jetstream.stream_info(name)).state
        config: StreamConfig = next(stream for stream in STREAMS if stream.name == name).config()
        if kind == "full_messages":
            config = config.evolve(max_msgs=max(1, state.messages))
        elif kind == "full_bytes":
            config = config.evolve(max_bytes=max(1, state.bytes))
        await jetstream.update_stream(config)

    async def _database(self, fault: Fault) -> None:
        """Let the database refuse sessions, or writes, for a while; or end every session once."""
        harm = {
            "closed": "ALTER DATABASE yingda ALLOW_CONNECTIONS false",
            "read_only": "ALTER DATABASE yingda SET default_transaction_read_only = on",
            "sessions_ended": "SELECT 1",
        }
        await self._until_done(lambda: self._order(harm[fault.kind]))
        if fault.kind == "sessions_ended":
            return
        try:
            await lasts(fault.seconds)
        finally:
            await self._until_done(self._open_database)

    async def _open_database(self) -> None:
        await self._order(
            "ALTER DATABASE yingda ALLOW_CONNECTIONS true", "ALTER DATABASE yingda RESET default_transaction_read_only"
        )

    async def _order(self, *statements: str) -> None:
        """Run `statements` and end every session, so that they hold for all."""
        connection = await self._around.database()
        try:
            for statement in statements:
                await connection.execute(statement)
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'yingda' AND pid <> pg_backend_pid()"
            )
        finally:
            await connection.close(timeout=5)

    async def _pid(self, service: str) -> int | None:
        """Return the service's process, waiting for one that lives; None where it does not come back for long."""
        await self._until(lambda: self._around.process_of(service) is not None)
        return self._around.process_of(service)

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Wait for `condition`, but not for ever: while the servers are hurt again and again a start may fail often."""
        with suppress(NotInTimeError):
            await until(condition, RESTARTED_SECONDS, every=PAUSE_SECONDS)

    async def _until_done(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` however long a server is away: what was begun must be ended."""

        async def done() -> bool:
            with suppress(*AWAY):
                async with asyncio.timeout(10):
                    await work()
                return True
            return False

        await until(done, None, every=0.2)
