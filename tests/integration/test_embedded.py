"""The embedded servers keep what they acknowledged, die with their parent and leave nothing behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import nats
import pytest
import pytest_asyncio

from shared.testing import embedded_nats
from shared.testing.embedded import (
    DataDirectoryInUseError,
    EmbeddedNats,
    EmbeddedPostgres,
    EmbeddedServers,
    ServerNotEmbeddedError,
    ServerStartError,
)
from shared.testing.embedded_ports import free_port
from shared.testing.embedded_postgres_files import postgres_bin
from shared.testing.process_table import (
    ended,
    files_open_for_writing,
    leftovers_in_shared_places,
    processes_working_in,
    segments_created_by,
)
from shared.testing.servers import asyncpg_dsn

ROOT = Path(__file__).parents[2]
NOBODY = "65534:65534"

# What a parent runs that the test then kills: it starts both, says their process ids, and waits for ever.
PARENT = """
import asyncio, json, pathlib, sys
from shared.testing.embedded import EmbeddedServers

async def main():
    async with EmbeddedServers(pathlib.Path(sys.argv[1])) as servers:
        print(json.dumps([servers.pids, servers.nats_url, servers.database_url]), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    # Not `tmp_path`: that one keeps 40 MB per cluster, and nobody but us may enter it.
    with tempfile.TemporaryDirectory(prefix="yingda-test-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest_asyncio.fixture
async def embedded(data_dir: Path) -> AsyncIterator[EmbeddedServers]:
    async with EmbeddedServers(data_dir) as servers:
        yield servers


async def store(nats_url: str, database_url: str, text: str) -> None:
    client = await nats.connect(nats_url)
    try:
        await client.jetstream().add_stream(name="KEPT", subjects=["kept"])
        acknowledgement = await client.jetstream().publish("kept", text.encode())
        assert acknowledgement.seq == 1
    finally:
        await client.close()
    await store_row(database_url, text)


async def store_row(database_url: str, text: str) -> None:
    connection = await asyncpg.connect(asyncpg_dsn(database_url))
    try:
        await connection.execute("CREATE TABLE kept (text text)")
        await connection.execute("INSERT INTO kept VALUES ($1)", text)
    finally:
        await connection.close()


async def stored(nats_url: str, database_url: str) -> tuple[str, str]:
    client = await nats.connect(nats_url)
    try:
        message = await client.jetstream().get_msg("KEPT", 1)
    finally:
        await client.close()
    assert message.data is not None
    return message.data.decode(), await stored_row(database_url)


async def stored_row(database_url: str) -> str:
    connection = await asyncpg.connect(asyncpg_dsn(database_url))
    try:
        return str(await connection.fetchval("SELECT text FROM kept"))
    finally:
        await connection.close()


def leftovers() -> set[Path]:
    """Return what a server may have left in shared places; the temporary folders of tests beside this one are none."""
    return {path for path in leftovers_in_shared_places() if not path.name.startswith("yingda-")}


def sockets_below(directory: Path) -> set[Path]:
    return {path for path in directory.rglob("*") if path.is_socket()}


async def test_what_was_acknowledged_survives_kill_9_at_the_same_address(embedded: EmbeddedServers) -> None:
    before = embedded.nats_url, embedded.database_url, embedded.nats.monitoring_url
    await store(embedded.nats_url, embedded.database_url, "工单")
    await embedded.kill_nats()
    await embedded.kill_postgres()
    assert embedded.pids == {}

    await embedded.restart_nats()
    await embedded.restart_postgres()

    assert (embedded.nats_url, embedded.database_url, embedded.nats.monitoring_url) == before
    assert await stored(embedded.nats_url, embedded.database_url) == ("工单", "工单")


async def test_a_server_killed_by_a_stranger_starts_again(embedded: EmbeddedServers) -> None:
    await store(embedded.nats_url, embedded.database_url, "kept")
    for pid in embedded.pids.values():
        os.kill(pid, signal.SIGKILL)
    assert await embedded.nats.wait() == -signal.SIGKILL
    assert await embedded.postgres.wait() == -signal.SIGKILL

    await embedded.start()

    assert await stored(embedded.nats_url, embedded.database_url) == ("kept", "kept")


async def test_a_data_directory_is_used_again_by_a_later_run(data_dir: Path) -> None:
    async with EmbeddedServers(data_dir) as first:
        await store(first.nats_url, first.database_url, "kept")
    async with EmbeddedServers(data_dir) as second:
        assert await stored(second.nats_url, second.database_url) == ("kept", "kept")


@pytest.mark.parametrize("killed", [False, True])
async def test_no_process_and_no_file_is_left_outside_the_data_directory(data_dir: Path, killed: bool) -> None:
    before = leftovers()
    servers = EmbeddedServers(data_dir)
    await servers.start()
    await store(servers.nats_url, servers.database_url, "kept")
    pids = servers.pids
    assert set(pids.values()) <= processes_working_in(data_dir)
    written = set().union(*map(files_open_for_writing, processes_working_in(data_dir)))
    assert written
    assert {path for path in written if not path.is_relative_to(data_dir)} == set()
    if killed:
        await servers.kill_nats()
        await servers.kill_postgres()

    await servers.stop()

    assert processes_working_in(data_dir) == set()
    assert segments_created_by(pids["postgres"]) == set()
    assert leftovers() - before == set()
    assert sockets_below(data_dir) == set()


async def test_kill_9_of_the_parent_takes_the_servers_down(data_dir: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, data_dir, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pids, nats_url, database_url = json.loads(await parent.stdout.readline())
    handles = [os.pidfd_open(pid) for pid in pids.values()]
    await store(nats_url, database_url, "kept")

    parent.kill()
    await parent.communicate()

    # The next run neither waits for a person nor fails: it starts as soon as the orphans are gone.
    async with EmbeddedServers(data_dir) as servers:
        assert all(map(ended, handles))
        assert await stored(servers.nats_url, servers.database_url) == ("kept", "kept")
    for handle in handles:
        os.close(handle)
    assert processes_working_in(data_dir) == set()


async def test_the_terminals_interrupt_does_not_reach_the_servers(embedded: EmbeddedServers) -> None:
    assert {os.getsid(pid) for pid in embedded.pids.values()} == set(embedded.pids.values())


async def test_a_directory_in_use_is_refused_in_one_sentence(embedded: EmbeddedServers, data_dir: Path) -> None:
    for second in (EmbeddedNats(data_dir / "nats"), EmbeddedPostgres(data_dir / "postgres")):
        with pytest.raises(DataDirectoryInUseError) as refusal:
            await second.start()
        assert str(refusal.value) == (
            f"The data directory {second.data_dir} is in use by process {os.getpid()}: stop it or choose another directory."
        )
    assert set(embedded.pids) == {"nats", "postgres"}


async def test_a_pid_file_that_names_another_program_by_now_is_not_believed(embedded: EmbeddedServers) -> None:
    await embedded.kill_postgres()
    pid_file = embedded.postgres.data_dir / "cluster" / "postmaster.pid"
    _, *rest = pid_file.read_text(encoding="utf-8").splitlines(keepends=True)
    pid_file.write_text("".join([f"{embedded.pids['nats']}\n", *rest]), encoding="utf-8")

    await embedded.restart_postgres()

    assert "postgres" in embedded.pids


async def test_when_one_cannot_start_neither_runs_and_the_log_tells_why(data_dir: Path) -> None:
    cluster = data_dir / "postgres" / "cluster"
    cluster.mkdir(parents=True, mode=0o700)
    (cluster / "PG_VERSION").write_text("17\n", encoding="ascii")

    with pytest.raises(ServerStartError, match="database files are incompatible with server"):
        await EmbeddedServers(data_dir).start()

    assert processes_working_in(data_dir) == set()


async def test_a_port_that_was_taken_meanwhile_is_given_up(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with EmbeddedNats(data_dir / "first") as first:
        taken = int(first.url.rpartition(":")[2])
        ports = iter([taken, free_port(), free_port(), free_port()])
        monkeypatch.setattr(embedded_nats, "free_port", lambda: next(ports))
        async with EmbeddedNats(data_dir / "second") as second:
            assert second.url != first.url
            assert second.pid != first.pid


def test_a_clients_own_port_is_never_a_servers() -> None:
    lowest_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    # A machine may give nearly all ports to outgoing connections: then there is nothing to choose.
    end = lowest_outgoing if lowest_outgoing > 16_000 else 30_000
    assert {port for port in (free_port() for _ in range(50)) if port >= end} == set()


async def test_a_server_given_by_url_is_neither_started_nor_stopped(data_dir: Path) -> None:
    async with EmbeddedServers(data_dir, database_url="postgresql+asyncpg://elsewhere/yingda") as servers:
        assert servers.database_url == "postgresql+asyncpg://elsewhere/yingda"
        assert set(servers.pids) == {"nats"}
        with pytest.raises(ServerNotEmbeddedError):
            await servers.kill_postgres()


def identities() -> list[str]:
    """Give `same`, or as root what root can use: a namespace, and `nobody` where it may enter the environment."""
    if os.geteuid() != 0:
        return ["same"]
    reachable = all(folder.stat().st_mode & 0o001 for folder in postgres_bin().parents)
    return ["mapped", NOBODY] if reachable else ["mapped"]


@pytest.mark.parametrize("identity", identities())
async def test_postgres_runs_for_root_and_its_data_change_hands(data_dir: Path, identity: str) -> None:
    directory = data_dir / "postgres"
    async with EmbeddedPostgres(directory, identity=identity) as server:
        await store_row(server.url, identity)
        owner = (directory / "cluster").stat().st_uid
        assert owner == (65534 if identity == NOBODY else os.geteuid())
    async with EmbeddedPostgres(directory) as server:
        assert await stored_row(server.url) == identity
