"""NATS and PostgreSQL of this test, a proxy before each, and `yingda up` that knows only the proxies."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import nats
from nats.aio.client import Client

from shared.testing.embedded import EmbeddedServers
from tests.faults.chaos.proxy import TcpProxy

READY_SECONDS = 150
STOP_SECONDS = 150


@dataclass(slots=True)
class Surroundings:
    """What a run acts on. The test itself goes to the servers directly, past the proxies."""

    data: Path
    servers: EmbeddedServers
    nats_link: TcpProxy
    postgres_link: TcpProxy
    up: asyncio.subprocess.Process
    client: Client
    said: list[str] = field(default_factory=list)
    """What `yingda up` wrote on standard error."""

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of the services as the endpoints file has them."""
        try:
            found: dict[str, int] = json.loads((self.data / "endpoints.json").read_text())["pids"]
        except (OSError, ValueError):
            return {}
        return found

    def process_of(self, service: str) -> int | None:
        """Return the living process of a service, and never a stranger's that has got its number since."""
        pid = self.pids.get(service)
        parent = parent_of(pid) if pid else None
        return pid if parent is not None and parent_of(parent) == self.up.pid else None

    async def database(self, name: str = "postgres") -> asyncpg.Connection:
        """Return a connection to the server itself, as its administrator."""
        port = urlsplit(self.servers.postgres.url).port
        return await asyncpg.connect(host="127.0.0.1", port=port, user="postgres", database=name, timeout=5)

    def log_tails(self, lines: int = 15) -> str:
        """Return the ends of the services' logs."""
        parts = []
        for path in sorted((self.data / "logs").glob("*.log")):
            tail = path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
            parts += [f"--- {path.name}", *(line[:400] for line in tail)]
        return "\n".join(parts)


def parent_of(pid: int) -> int | None:
    """Return the parent of a process; None where there is no such process."""
    try:
        return int(
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
        )
    except OSError:
        return None


@asynccontextmanager
async def surroundings(keep: Path | None = None, **env: str) -> AsyncIterator[Surroundings]:
    """Yield everything running and ready; nothing of it is left afterwards but the files in `keep`, if that is given."""
    async with AsyncExitStack() as stack:
        data = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yingda-chaos-")))
        data.mkdir(parents=True, exist_ok=True)
        data.chmod(0o711)
        servers = await stack.enter_async_context(EmbeddedServers(data / "servers"))
        nats_link = await stack.enter_async_context(_proxy_of(servers.nats_url))
        postgres_link = await stack.enter_async_context(_proxy_of(servers.database_url))
        environment = {k: v for k, v in os.environ.items() if not k.startswith("YINGDA_")} | env
        environment |= {
            "YINGDA_NATS_URL": f"nats://127.0.0.1:{nats_link.port}",
            "YINGDA_DATABASE_URL": f"postgresql://postgres@127.0.0.1:{postgres_link.port}/yingda",
        }
        up = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "shared.cli.main", "up", "--data", str(data)),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        stack.push_async_callback(_stopped, up)
        assert up.stdout is not None
        async with asyncio.timeout(READY_SECONDS):
            if await up.stdout.readline() != b"ready\n":
                assert up.stderr is not None
                raise AssertionError(f"yingda up did not start: {(await up.stderr.read()).decode()}")
        client = await nats.connect(
            servers.nats_url, max_reconnect_attempts=-1, reconnect_time_wait=0.2, error_cb=_ignore
        )
        stack.push_async_callback(client.close)
        said: list[str] = []
        listening = asyncio.create_task(_listen(up, said.append))
        stack.callback(listening.cancel)
        yield Surroundings(data, servers, nats_link, postgres_link, up, client, said)


def _proxy_of(url: str) -> TcpProxy:
    port = urlsplit(url).port
    assert port is not None
    return TcpProxy("127.0.0.1", port)


async def _ignore(_error: Exception) -> None:
    """Say nothing: that the servers go away is what this is about."""


async def _listen(up: asyncio.subprocess.Process, note: Callable[[str], Any]) -> None:
    assert up.stderr is not None
    while line := await up.stderr.readline():
        note(line.decode(errors="replace").rstrip())


async def _stopped(up: asyncio.subprocess.Process) -> None:
    if up.returncode is None:
        up.send_signal(signal.SIGTERM)
    async with asyncio.timeout(STOP_SECONDS):
        await up.wait()
