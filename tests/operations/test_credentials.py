"""Keys and passwords are changed while contacts come in: nothing is lost, nothing becomes a dead letter."""

import asyncio
import contextlib
import json
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.db import create_engine, role_name
from shared.permissions import OPERATIONS, adapter
from shared.service import service_names
from shared.testing.processes import ChildProcess
from tests.e2e.suite import contact, envelope
from tests.pace import steadily
from tests.polling import until
from tests.privilege.guarded import Guarded, guarded
from tests.privilege.processes import Processes

pytestmark = [pytest.mark.slow_operations, pytest.mark.timeout(420)]

CLOCK = "2026-11-23T10:00:00+08:00@1"
RATE = 20


class Kept(Processes):
    """Services that read their password from a file, and are started again when they end, as an orchestrator does."""

    def __init__(self, house: Guarded, folder: Path) -> None:
        super().__init__(house, folder, CLOCK)
        self._secrets = folder / "secrets"
        self.starts: Counter[str] = Counter()
        for name in service_names():
            self.give(name, house.password(name))

    def give(self, service: str, password: str) -> None:
        """Put the password where the service's secrets are mounted."""
        place = self._secrets / service
        place.mkdir(parents=True, exist_ok=True)
        (place / "yingda_database_password").write_text(password)

    def environment(self, user: str) -> dict[str, str]:
        environment = super().environment(user)
        if user in service_names():
            del environment["YINGDA_DATABASE_PASSWORD"]
            environment["YINGDA_SECRETS"] = str(self._secrets / user)
        return environment

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Yield while all services run."""
        async with asyncio.TaskGroup() as group:
            keepers = [group.create_task(self._keep(name)) for name in service_names()]
            await until(lambda: len(self.starts) == len(service_names()), 120, said="every service runs")
            yield
            for keeper in keepers:
                keeper.cancel()

    async def _keep(self, name: str) -> None:
        log = self._folder / f"{name}.log"
        while True:
            begun = log.stat().st_size if log.exists() else 0
            child = await ChildProcess.spawn(
                [sys.executable, "-m", "shared.cli.main", "run", name],
                log=log,
                stop_signal=signal.SIGTERM,
                environment=self.environment(name),
            )
            try:
                await until(partial(_ready, log, begun, child), 120)
                assert child.running, log.read_text()
                self.starts[name] += 1
                await child.wait()
            finally:
                await child.stop(30)


async def test_passwords_and_keys_are_changed_under_traffic_and_nothing_is_lost(tmp_path: Path) -> None:
    """R-IN-06: a password is read anew for each connection; who shows a retired key ends and comes back with the new one."""
    tmp_path.chmod(0o711)
    async with guarded() as house:
        processes = Kept(house, tmp_path)
        begun = await processes.yingda("provision", "--begin-rehearsal")
        assert begun.code == 0, begun.out
        async with processes.running(), house.speaker(adapter("web")) as channel:
            sent: list[str] = []

            async def traffic() -> None:
                async for number in steadily(RATE):
                    customer = {"name": "王芳", "phone": f"139{number:08d}"}
                    body = envelope(contact(customer=customer), "web", f"c-{number}")
                    await channel.client.jetstream().publish("yingda.contact.received.web", body)
                    source = f"web/shop/c-{number}"
                    sent.append(source)

            flowing = asyncio.create_task(traffic())
            await until(lambda: len(sent) > RATE, 60)
            await _change_passwords(house, processes)
            await _more(sent, 5 * RATE)
            assert set(processes.starts.values()) == {1}, "for a password nobody is started again"
            await _change_keys(house, processes)
            await _more(sent, 3 * RATE)
            flowing.cancel()
            await asyncio.gather(flowing, return_exceptions=True)
            await until(lambda: _opened(house, sent), 90, every=1.0, said="every contact is a work order")
            report = await processes.yingda("reconcile", "--data", str(tmp_path))
            assert report.out.splitlines()[-1] == "nothing is missing", report.out
            letters = await processes.yingda("dlq", "list", "--json", "--data", str(tmp_path))
            assert [line for line in letters.out.splitlines() if line.startswith("{")] == [], letters.out
    assert all(count == 2 for count in processes.starts.values()), processes.starts


def _ready(log: Path, begun: int, child: ChildProcess) -> bool:
    """Whether the process has said so since its log had so many bytes, or has ended."""
    return b'"event":"ready"' in log.read_bytes()[begun:] or not child.running


async def _more(sent: list[str], count: int) -> None:
    enough = len(sent) + count
    await until(lambda: len(sent) >= enough, 60, said="more contacts")


async def _change_passwords(house: Guarded, processes: Kept) -> None:
    """As the page for operations says: the files, then the roles; here every connection is cut, too."""
    for name in service_names():
        house.folder.rotate_password(name)
        processes.give(name, house.password(name))
    done = await processes.yingda("provision")
    assert done.code == 0, done.out
    engine = create_engine(house.settings(OPERATIONS))
    async with engine.connect() as connection:
        query = text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = ANY(:roles)")
        cut = await connection.scalar(query, {"roles": [role_name(name) for name in service_names()]})
    await engine.dispose()
    assert int(cut or 0) >= len(service_names())


async def _change_keys(house: Guarded, processes: Kept) -> None:
    """Both keys are valid until the old one is retired; whoever still shows it is let go."""
    for name in service_names():
        house.folder.rotate_key(name)
    await house.nats.reload()
    for name in service_names():
        house.folder.retire_key(name)
    await house.nats.reload()
    await until(lambda: all(count == 2 for count in processes.starts.values()), 90, said="all came back")


async def _opened(house: Guarded, sent: list[str]) -> bool:
    engine = create_engine(house.settings(OPERATIONS))
    async with engine.connect() as connection:
        rows = await connection.execute(text("SELECT source_id, count(*) AS n FROM routing.work_orders GROUP BY 1"))
        found = {row.source_id: row.n for row in rows}
    await engine.dispose()
    assert set(found.values()) <= {1}, json.dumps(found)
    return set(sent) <= found.keys()
