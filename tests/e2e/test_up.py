"""`yingda up` as a person uses it: ready, kept running, stopped, and nothing left behind by whatever end."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import nats
import pytest

from shared.cli.errors import CliError
from shared.cli.installed import service_names
from shared.cli.supervisor import Suite
from shared.events import ContactRegistered
from shared.testing.process_table import processes_working_in
from tests.command_line import yingda_beside
from tests.polling import until

pytestmark = pytest.mark.timeout(300)
"""A whole suite takes its time to start and to end where the machine has much else to do."""

READY_SECONDS = 100.0
END_SECONDS = 60.0


class Up:
    """A running `yingda up` and what it says."""

    def __init__(self, process: asyncio.subprocess.Process, data: Path) -> None:
        self.process = process
        self.data = data

    @property
    def endpoints(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.data / "endpoints.json").read_text(encoding="utf-8"))
        return read

    async def says(self, *words: str) -> str:
        """Return the next line on standard error that holds all `words`."""
        assert self.process.stderr is not None
        async with asyncio.timeout(READY_SECONDS):
            while line := (await self.process.stderr.readline()).decode():
                if all(word in line for word in words):
                    return line
        raise AssertionError(f"it ended without saying {words}")


@contextmanager
def folder() -> Iterator[Path]:
    """Yield a directory that PostgreSQL may enter as whatever user it runs."""
    with tempfile.TemporaryDirectory(prefix="yingda-up-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@asynccontextmanager
async def started(data: Path, *options: str, **env: str) -> AsyncIterator[Up]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("YINGDA_")} | env
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "shared.cli.main", "up", "--data", str(data), *options),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Up(process, data)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(END_SECONDS):
            await process.wait()


async def ready(up: Up) -> None:
    assert up.process.stdout is not None
    async with asyncio.timeout(READY_SECONDS):
        assert await up.process.stdout.readline() == b"ready\n"


@pytest.fixture(scope="module")
async def up() -> AsyncIterator[Up]:
    with folder() as data:
        async with started(data) as running:
            await ready(running)
            yield running


def descendants(pid: int) -> dict[int, int]:
    """Return a handle for each living process below `pid`; it is readable once that process has ended."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    below, handles = {pid}, {}
    while found := {child for child, parent in parents.items() if parent in below} - below:
        below |= found
    for child in below - {pid}:
        with contextlib.suppress(ProcessLookupError):  # PostgreSQL has some that soon end
            handles[child] = os.pidfd_open(child)
    return handles


async def all_ended(handles: dict[int, int]) -> None:
    """Return once every process of `handles` has ended."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(END_SECONDS):
        for handle in handles.values():
            gone = asyncio.Event()
            loop.add_reader(handle, gone.set)
            await gone.wait()
            loop.remove_reader(handle)
            os.close(handle)


async def test_ready_means_that_every_service_runs_and_the_file_says_where(up: Up) -> None:
    told = up.endpoints
    assert set(told) == {"nats_url", "database_url", "metrics", "pids", "survey", "monitoring"}
    assert set(told["pids"]) == set(told["metrics"]) == set(service_names())
    for pid in told["pids"].values():
        os.kill(pid, 0)
    assert all(url.startswith("http://127.0.0.1:") and url.endswith("/metrics") for url in told["metrics"].values())
    outcome = await yingda_beside("doctor", "--data", str(up.data), "--least-free", "0")
    assert (outcome.code, outcome.lines[-1]) == (0, "no fault found"), outcome


async def test_a_second_up_on_the_same_directory_is_refused_in_one_sentence(up: Up) -> None:
    before = up.endpoints
    async with started(up.data) as second:
        _, err = await second.process.communicate()
    assert second.process.returncode == 1
    told = err.decode()
    assert told.count("\n") == 1
    assert f"in use by process {up.process.pid}" in told
    assert up.endpoints == before


async def test_a_service_that_was_killed_is_started_again_and_the_file_tells_its_new_place(up: Up) -> None:
    before = up.endpoints
    os.kill(before["pids"]["sla"], signal.SIGKILL)
    await up.says("sla", "was ended by SIGKILL", "next attempt in 0.2 s")
    pid = before["pids"]["sla"]
    await until(lambda: up.endpoints["pids"].get("sla", pid) != pid, READY_SECONDS, every=0.02)
    after = up.endpoints
    assert after["metrics"]["sla"] != before["metrics"]["sla"]
    assert {k: v for k, v in after["pids"].items() if k != "sla"} == {
        k: v for k, v in before["pids"].items() if k != "sla"
    }
    os.kill(after["pids"]["sla"], 0)


@pytest.mark.parametrize("server", ["nats", "postgres"])
async def test_a_server_that_was_killed_is_started_again_at_its_address(up: Up, server: str) -> None:
    before = up.endpoints
    for pid in processes_working_in(up.data / server):
        with contextlib.suppress(ProcessLookupError):  # a child may have gone with its parent
            os.kill(pid, signal.SIGKILL)
    await up.says(server, "next attempt in")
    contact = {"occurred_at": "2026-11-22T10:15:00+08:00", "text": server, "customer": {"phone": "13800138000"}}
    send = ("contact", "send", "web", "-", "--data", str(up.data))

    async def taken() -> bool:
        sent = await yingda_beside(*send, stdin=json.dumps(contact))
        return sent.code == 0 and await registered(up.endpoints["nats_url"], sent.out.strip())

    await until(taken, READY_SECONDS, every=0.1)
    assert {k: v for k, v in up.endpoints.items() if k.endswith("url")} == {
        k: v for k, v in before.items() if k.endswith("url")
    }
    assert up.endpoints["pids"] == before["pids"], "no service dies of an outage"


async def registered(nats_url: str, source_id: str) -> bool:
    """Return once intake has registered the contact."""
    client = await nats.connect(nats_url)
    try:
        events = await client.jetstream().subscribe(ContactRegistered.SUBJECT, ordered_consumer=True)
        while json.loads((await events.next_msg(timeout=READY_SECONDS)).data)["data"]["source_id"] != source_id:
            continue
        return True
    finally:
        await client.close()


async def test_sigterm_stops_everything_in_order_and_leaves_no_process() -> None:
    with folder() as data:
        async with started(data) as running:
            await ready(running)
            handles = descendants(running.process.pid)
            assert len(handles) > len(service_names()) + 2
            running.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(END_SECONDS):
                _, err = await running.process.communicate()
            await all_ended(handles)
            assert (running.process.returncode, err) == (0, b"")
            assert not (data / "endpoints.json").exists()
            for name in service_names():
                log = (data / "logs" / f"{name}.log").read_text(encoding="utf-8")
                told = [json.loads(line)["event"] for line in log.splitlines() if line.startswith("{")]
                assert "stopping" in told, f"{name} was not asked to stop"


async def test_a_killed_up_takes_everything_with_it_and_the_next_one_starts() -> None:
    with folder() as data:
        async with started(data) as running:
            await ready(running)
            handles = descendants(running.process.pid)
            running.process.kill()
            await all_ended(handles)
        assert (data / "endpoints.json").exists(), "nobody was left to remove it"
        async with started(data) as again:
            await ready(again)
            client = await nats.connect(again.endpoints["nats_url"])
            await client.close()


async def test_ctrl_c_while_it_starts_leaves_no_process() -> None:
    with folder() as data:
        async with started(data) as running:
            await until(partial(processes_working_in, data / "postgres"), READY_SECONDS, every=0.01)
            handles = descendants(running.process.pid)
            running.process.send_signal(signal.SIGINT)
            async with asyncio.timeout(END_SECONDS):
                out, _ = await running.process.communicate()
            await all_ended(handles)
            assert (running.process.returncode, out) == (0, b"")


BROKEN = """
from shared.bus.streams import EVENTS
from shared.bus.tables import runtime_tables
from shared.db import schema_of
from shared.events import ReportPublished
from shared.service import Service

async def build(context):
    raise RuntimeError("the compass is missing")

metadata = schema_of("broken")
SERVICE = Service("broken", metadata, runtime_tables(metadata), EVENTS, (ReportPublished,), build)
"""


def _broken_service(folder: Path) -> str:
    """Install a service whose start always fails; return what makes Python find it."""
    info = folder / "strangers-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strangers\nVersion: 1.0\n")
    points = "[yingda.services]\nbroken = broken_service:SERVICE\nmissing = broken_service_that_is_not_there:SERVICE\n"
    (info / "entry_points.txt").write_text(points)
    (folder / "broken_service.py").write_text(BROKEN)
    return str(folder)


async def test_a_service_that_cannot_start_is_told_with_its_last_line_and_tried_again_after_growing_pauses() -> None:
    with folder() as data:
        path = _broken_service(data / "packages")
        async with started(data / "data", "--only", "broken", PYTHONPATH=path) as running:
            await running.says("broken cannot start: the compass is missing", "next attempt in 0.2 s")
            await running.says("broken cannot start: the compass is missing", "next attempt in 0.4 s")
        async with started(data / "data", "--only", "missing", PYTHONPATH=path) as running:
            out, err = await running.process.communicate()
            assert (running.process.returncode, out) == (1, b"")
            assert b"the service missing does not load" in err
            assert err.count(b"\n") == 1


async def test_the_suite_is_an_async_context_manager_for_demo_and_tests() -> None:
    told: list[str] = []
    with folder() as data:
        async with Suite(data, {"YINGDA_CLOCK": "2026-11-23T10:00:00+08:00@60"}, tell=told.append) as suite:
            before = dict(suite.pids)
            assert set(before) == set(service_names())
            await suite.kill("notify")
            await suite.ready("notify")
            assert suite.pids["notify"] != before["notify"]
            assert suite.endpoints.pids == suite.pids
            before = dict(suite.pids)
            (nursery,) = {
                int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) for pid in before.values()
            }
            os.kill(nursery, signal.SIGKILL)  # every service dies with it, and comes back with another
            await until(lambda: not set(suite.pids.values()) & set(before.values()), READY_SECONDS, every=0.02)
            await suite.ready()
            with pytest.raises(CliError, match="in use by process"):
                await Suite(data).__aenter__()
        assert not processes_working_in(data)
        assert not (data / "endpoints.json").exists()
    assert told[0].startswith("notify was ended by SIGKILL")
    assert sorted(line.partition(" ")[0] for line in told[1:]) == sorted(service_names())
