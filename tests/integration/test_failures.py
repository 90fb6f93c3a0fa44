"""What holds up a batch and what is buried: a server that is away, and everything else that fails (R-IN-08)."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from nats.aio.msg import Msg
from sqlalchemy import make_url, select, text

from shared.bus.failures import is_transient
from shared.bus.runtime import BatchRuntime
from shared.bus.transaction import Incoming, Transaction
from shared.db import create_engine
from shared.settings import Settings
from shared.testing.embedded_ports import free_port
from tests.integration.runtime_probe import Probe, published, tables
from tests.integration.runtime_probe import probe as probe


async def failure_of(url: str, *statements: str) -> BaseException:
    engine = create_engine(Settings(database_url=url))
    try:
        async with engine.connect() as connection:
            for statement in statements:
                await connection.execute(text(statement))
    except Exception as error:  # noqa: BLE001 (what came up is what the test is about)
        return error
    finally:
        await engine.dispose()
    raise AssertionError("it did not fail")


async def test_a_database_that_refuses_connections_or_is_stopped_is_the_servers_trouble(database_url: str) -> None:
    nobody = f"postgresql://postgres@127.0.0.1:{free_port()}/yingda"
    refused = await failure_of(nobody)
    assert isinstance(refused, OSError)
    assert is_transient(refused)
    assert is_transient(await failure_of(database_url, "SET statement_timeout = '50ms'", "SELECT pg_sleep(60)"))
    assert is_transient(await failure_of(database_url, "SELECT pg_terminate_backend(pg_backend_pid())"))
    stranger = make_url(database_url).set(username="nobody", password="wrong").render_as_string(hide_password=False)
    assert is_transient(await failure_of(stranger, "SELECT 1")), "a password may just be being changed"
    assert not is_transient(await failure_of(database_url, "SELECT 1 / 0"))


async def test_a_database_that_only_reads_for_now_is_the_servers_trouble(database_url: str) -> None:
    """It buried good messages where it took writes again in time for the dead letters."""
    writing = "DO $$ BEGIN SET LOCAL transaction_read_only = on; CREATE TABLE never (id int); END $$"
    assert is_transient(await failure_of(database_url, writing))


async def test_the_same_error_from_a_plugin_is_its_own(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="model") as missing:
        (tmp_path / "model.bin").read_bytes()
    with pytest.raises(OSError, match="Connect call failed") as away:
        await asyncio.open_connection("127.0.0.1", free_port())
    with pytest.raises(TimeoutError) as slow:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()
    assert not any(is_transient(one.value) for one in (missing, away, slow))


@pytest.mark.parametrize("error", [ConnectionRefusedError, FileNotFoundError, TimeoutError])
async def test_a_plugins_own_error_buries_its_message_and_holds_up_nobody(probe: Probe, error: type[Exception]) -> None:
    """It blocked the batch for ever: an `OSError` was taken for the database being away."""

    async def handle(tx: Transaction, batch: Sequence[Incoming]) -> None:
        if any(item.message.subject == "asks elsewhere" for item in batch):
            raise error
        await probe.handle(tx, batch)

    await probe.publish(published("one"), published("asks elsewhere"), published("two"))
    subscription = await probe.client.jetstream().pull_subscribe_bind("probe", "EVENTS")
    taken: list[Msg] = []
    while len(taken) < 3:  # the server may count a message only after it has acknowledged it
        taken += await subscription.fetch(3 - len(taken), timeout=30)
    async with asyncio.timeout(60):
        await BatchRuntime(probe.outbox, handle).process(taken)
    await subscription.unsubscribe()
    assert probe.seen == ["one", "two"]
    async with probe.engine.connect() as connection:
        (letter,) = (await connection.execute(select(tables.dead_letters))).all()
    assert letter.reason == f"the handler failed: {error.__name__}"
    assert b"asks elsewhere" in letter.body
