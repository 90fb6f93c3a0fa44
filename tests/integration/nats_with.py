"""A NATS server with a configuration of the test's own, as the doctor may meet one."""

import contextlib
import itertools
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from shared.testing.embedded_errors import PortTakenError
from shared.testing.embedded_nats import START_SECONDS, STOP_SECONDS, nats_binary
from shared.testing.embedded_ports import LOOPBACK, free_port
from shared.testing.processes import ChildProcess

PORT_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the server answers clients, and where it tells of itself."""

    url: str
    monitoring_url: str


@contextlib.asynccontextmanager
async def nats_with(directory: Path, config: str) -> AsyncIterator[Addresses]:
    """Yield a server with `config` beside its ports; it is gone afterwards."""
    for attempt in itertools.count(1):
        port, monitoring = free_port(), free_port()
        path, log = directory / "nats.conf", directory / f"nats-{attempt}.log"
        path.write_text(f'host: "{LOOPBACK}"\nport: {port}\nhttp: "{LOOPBACK}:{monitoring}"\n{config}\n')
        child = await ChildProcess.spawn([nats_binary(), "--config", path.name], log=log, stop_signal=signal.SIGTERM)
        try:
            await child.until_ready(partial(_is_ready, log), START_SECONDS)
        except PortTakenError:  # by somebody who came in between
            if attempt == PORT_ATTEMPTS:
                raise
            continue
        except BaseException:
            await child.kill()
            raise
        try:
            yield Addresses(f"nats://{LOOPBACK}:{port}", f"http://{LOOPBACK}:{monitoring}")
        finally:
            await child.stop(STOP_SECONDS)
        return


async def _is_ready(log: Path) -> bool:
    return b"Server is ready" in log.read_bytes()
