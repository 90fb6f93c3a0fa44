"""A NATS server with a configuration of the test's own, as the doctor may meet one."""

import contextlib
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from shared.testing.embedded_nats import nats_binary
from shared.testing.embedded_ports import LOOPBACK, free_port
from shared.testing.processes import ChildProcess
from tests.polling import until


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the server answers clients, and where it tells of itself."""

    url: str
    monitoring_url: str


@contextlib.asynccontextmanager
async def nats_with(directory: Path, config: str) -> AsyncIterator[Addresses]:
    """Yield a server with `config` beside its ports; it is gone afterwards."""
    port, monitoring = free_port(), free_port()
    path = directory / "nats.conf"
    path.write_text(f'host: "{LOOPBACK}"\nport: {port}\nhttp: "{LOOPBACK}:{monitoring}"\n{config}\n')
    log = directory / "nats.log"
    child = await ChildProcess.spawn([nats_binary(), "--config", path.name], log=log, stop_signal=signal.SIGTERM)
    try:
        await until(lambda: b"Server is ready" in log.read_bytes(), 20, said="the server is ready")
        yield Addresses(f"nats://{LOOPBACK}:{port}", f"http://{LOOPBACK}:{monitoring}")
    finally:
        await child.stop(10)
