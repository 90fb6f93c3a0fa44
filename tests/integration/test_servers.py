"""The fixtures of real servers isolate one test file from another."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import nats
import pytest

from shared.testing import servers as module
from shared.testing.fixtures import reachable_directory
from shared.testing.servers import Servers, asyncpg_dsn, delete_all_streams, fresh_database, real_servers


async def test_a_test_file_gets_an_empty_database_of_its_own(servers: Servers, database_url: str) -> None:
    assert database_url != servers.database_url
    connection = await asyncpg.connect(asyncpg_dsn(database_url))
    try:
        assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
        assert await connection.fetchval("SHOW server_encoding") == "UTF8"
        assert await connection.fetchval("SHOW fsync") == "on"
    finally:
        await connection.close()


async def test_a_database_is_dropped_even_while_someone_is_connected(servers: Servers) -> None:
    async with fresh_database(servers.database_url) as url:
        forgotten = await asyncpg.connect(asyncpg_dsn(url))
        name = await forgotten.fetchval("SELECT current_database()")
    connection = await asyncpg.connect(asyncpg_dsn(servers.database_url))
    try:
        assert await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", name) == 0
    finally:
        await connection.close()
        forgotten.terminate()


async def test_streams_with_fixed_names_do_not_outlive_their_test_file(fresh_nats: str) -> None:
    client = await nats.connect(fresh_nats)
    try:
        jetstream = client.jetstream()
        assert await jetstream.streams_info() == []
        await jetstream.add_stream(name="CONTACTS", subjects=["contacts.>"])
        await delete_all_streams(fresh_nats)
        assert await jetstream.streams_info() == []
    finally:
        await client.close()


async def test_the_environment_chooses_the_programs_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    def not_asked() -> bool:
        raise AssertionError("the engine was asked")

    monkeypatch.setattr(module, "docker_answers", not_asked)
    with reachable_directory() as directory:
        async with real_servers(directory, {"YINGDA_TEST_SERVERS": "embedded"}) as started:
            client = await nats.connect(started.nats_url)
            await client.close()


async def test_a_choice_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="containers or embedded, not docker"):
        async with real_servers(tmp_path, {"YINGDA_TEST_SERVERS": "docker"}):
            pass


async def test_an_engine_without_the_images_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "docker_answers", lambda: True)
    monkeypatch.setattr(module, "images_are_there", lambda: False)
    assert not module._in_containers(None)
    assert module._in_containers("containers")
