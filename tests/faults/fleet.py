"""A fleet: any number of replicas of every service on given servers, each a process that can leave, join or be killed."""

import asyncio
import itertools
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import nats
from nats.aio.client import Client

from shared.cli.nursery_client import ForkedProcess, NurseryClient
from shared.cli.service_process import ServiceProcess
from shared.testing.servers import Servers, empty_nats, fresh_database

SERVICES = ("intake", "routing", "sla", "notify", "feedback")
STREAM_OF = {"intake": "CONTACTS", "routing": "EVENTS", "sla": "EVENTS", "notify": "EVENTS", "feedback": "EVENTS"}


class Replica(ServiceProcess):
    """One process of a service."""

    @property
    def process(self) -> ForkedProcess:
        assert self._process is not None, "it has not been started"
        return self._process


@dataclass(frozen=True, slots=True)
class Left:
    """How a replica left: after how many seconds, and with which exit code."""

    service: str
    seconds: float
    code: int


class Fleet:
    """Starts and stops replicas, forked from one import as `yingda up` does it."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.replicas: list[Replica] = []
        self.database_url = environment["YINGDA_DATABASE_URL"]
        self._environment = environment
        self._numbers = itertools.count(1)
        self._nursery = NurseryClient(folder / "nursery.log", SERVICES, os.environ)
        self._lock = (folder / "lock").open("wb")  # the nursery wants one to hand on

    async def provision(self) -> None:
        """What `yingda provision` does, as its own process does it."""
        with (self.folder / "provision.log").open("ab") as log:
            arguments = ["provision", "--begin-rehearsal"]
            process = await self._nursery.fork(arguments, self._environment, [log.fileno(), self._lock.fileno()])
        assert await process.wait() == 0, (self.folder / "provision.log").read_text()

    async def join(self, service: str) -> Replica:
        """Start one more replica of `service`; it is ready on return."""
        log = self.folder / f"{service}-{next(self._numbers)}.log"
        replica = Replica(service, log, self._nursery, self._lock.fileno())
        await replica.start(self._environment)
        self.replicas.append(replica)
        return replica

    async def leave(self, replica: Replica) -> Left:
        """Stop it in good order, by SIGTERM, and return how it went; killed where it takes longer than it may."""
        clock = asyncio.get_running_loop().time
        began = clock()
        self.replicas.remove(replica)
        await replica.stop()
        return Left(replica.name, clock() - began, await replica.process.wait())

    async def roll(self) -> list[Left]:
        """Replace every replica by a new one, one after the other, the new one after the old one has gone."""
        left = []
        for replica in list(self.replicas):
            left.append(await self.leave(replica))
            await self.join(replica.name)
        return left

    async def close(self) -> None:
        """Stop all at once."""
        await asyncio.gather(*(replica.stop() for replica in self.replicas))
        await self._nursery.stop()
        self._lock.close()

    def logs(self) -> str:
        """Return what every replica has written."""
        return "\n".join(f"{path.name}\n{path.read_text()}" for path in sorted(self.folder.glob("*.log")))


@asynccontextmanager
async def fleet(folder: Path, nats_url: str, database_url: str, count: int = 1, **env: str) -> AsyncIterator[Fleet]:
    """Yield a fleet of `count` replicas of every service, provisioned and ready; none is left afterwards."""
    environment = {
        "YINGDA_NATS_URL": nats_url,
        "YINGDA_DATABASE_URL": database_url.replace("postgresql+asyncpg://", "postgresql://", 1),
        "YINGDA_DATA": str(folder),
        "YINGDA_METRICS_PORT": "0",
        "YINGDA_CLOCK": "2026-11-23T10:00:00+08:00@1",
        **env,
    }
    ships = Fleet(folder, environment)
    try:
        await ships.provision()
        await asyncio.gather(*(ships.join(name) for name in SERVICES for _ in range(count)))
        yield ships
    finally:
        await ships.close()


@asynccontextmanager
async def fleet_at(servers: Servers, count: int = 1) -> AsyncIterator[tuple[Fleet, Client]]:
    """Yield a fleet on the run's servers, with empty streams and a database of its own, and a client beside it."""
    with tempfile.TemporaryDirectory(prefix="yingda-fleet-") as name:
        async with (
            empty_nats(servers) as nats_url,
            fresh_database(servers.database_url, "fleet") as database_url,
            fleet(Path(name), nats_url, database_url, count) as ships,
        ):
            client = await nats.connect(nats_url)
            try:
                yield ships, client
            finally:
                await client.close()
