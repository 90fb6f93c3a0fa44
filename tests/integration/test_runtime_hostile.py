"""What strangers and bad luck can send: nothing of it may hold up what comes beside it."""

import asyncio
import json
import socket
import urllib.request
from contextlib import closing

import nats
import pytest
from nats.aio.msg import Msg
from sqlalchemy import select, text

from shared import health
from shared.bus.commands import CommandDesk, CommandServer
from shared.bus.ordering import skip_version
from shared.bus.outbox import EventTooLargeError
from shared.bus.runtime import BatchRuntime
from shared.bus.settle import settle
from shared.bus.transaction import Transaction
from shared.bus.wire import read_leanly
from shared.events.commands import Cancel
from shared.health import Health, HealthServer
from tests.integration.runtime_probe import Probe, paused, published, report, tables
from tests.integration.runtime_probe import probe as probe


async def letters(probe: Probe) -> list[tuple[str, str]]:
    """Return the entity and the reason of each dead letter."""
    query = select(tables.dead_letters.c.body, tables.dead_letters.c.reason).order_by(text("id"))
    async with probe.engine.connect() as connection:
        return [(json.loads(row.body)["subject"], row.reason) for row in await connection.execute(query)]


async def test_a_poisoned_parked_event_is_buried_itself_and_not_the_one_before_it(probe: Probe) -> None:
    """R-RT-06: version 3 waits for 2 and then fails; 2 is applied, 3 is the dead letter, 4 waits for its replay."""
    third = paused("w1", 3)
    await probe.publish(paused("w1", 1), third)
    await probe.consume(2)
    probe.poison = {"w1.3"}
    await probe.publish(paused("w1", 2))
    await probe.consume(1)
    assert probe.seen == ["w1.1", "w1.2"]
    assert await letters(probe) == [("w1.3", "the handler failed: ValueError")]
    await probe.publish(paused("w1", 4))
    await probe.consume(1)
    assert probe.seen == ["w1.1", "w1.2"]
    assert await probe.count(tables.parked) == 1
    probe.poison = set()
    await probe.publish(third)
    await probe.consume(1)
    assert probe.seen == ["w1.1", "w1.2", "w1.3", "w1.4"], "its replay is no repeat"


async def test_later_events_go_on_without_one_that_is_given_up(probe: Probe) -> None:
    probe.poison = {"w1.2"}
    second = paused("w1", 2)
    await probe.publish(paused("w1", 1), second, paused("w1", 3))
    await probe.consume(3)
    assert probe.seen == ["w1.1"]
    async with probe.engine.begin() as connection:
        assert await skip_version(connection, tables, second[1])
        assert not await skip_version(connection, tables, second[1])
        assert not await skip_version(connection, tables, b"no event")
    await probe.publish(paused("w1", 4))
    await probe.consume(1)
    assert probe.seen == ["w1.1", "w1.3", "w1.4"]


async def test_followers_behind_a_poisoned_event_are_released_one_by_one(probe: Probe) -> None:
    await probe.publish(paused("w1", 2), paused("w1", 3), paused("w1", 4))
    await probe.consume(3)
    probe.poison = {"w1.4"}
    await probe.publish(paused("w1", 1))
    await probe.consume(1)
    assert probe.seen == ["w1.1", "w1.2", "w1.3"]
    assert [entity for entity, _ in await letters(probe)] == ["w1.4"]


async def test_an_event_too_large_for_the_stream_is_refused_before_the_commit(probe: Probe) -> None:
    async def refuse() -> None:
        async with probe.outbox.transaction() as tx:
            tx.emit(report("x" * 1_100_000), subject="x")

    with pytest.raises(EventTooLargeError):
        await refuse()
    assert await probe.count(tables.outbox) == 0


async def test_only_the_message_whose_event_is_too_large_is_buried(probe: Probe) -> None:
    probe.answer = True
    large = published("x" * 335_000)  # what it causes carries the name three times
    await probe.publish(published("a"), large, published("b"))
    await probe.consume(3)
    async with probe.outbox.transaction() as tx:
        tx.emit(report("after"), subject="after")
    assert {"a", "b"} <= set(probe.seen)
    async with probe.engine.connect() as connection:
        unsent = select(tables.outbox.c.id).where(tables.outbox.c.sent_at.is_(None))
        await probe.outbox.relay()
        assert (await connection.execute(unsent)).all() == []
    assert [entity[:3] for entity, _ in await letters(probe)] == ["xxx"]


async def test_a_subject_that_postgresql_cannot_hold_holds_nobody_up(probe: Probe) -> None:
    _, good = published("good")
    for subject, body in (("yingda.event.report.published", good), ("yingda.event.report.published", b"not json")):
        await probe.publish((subject, body))
    taken: list[Msg] = []
    subscription = await probe.client.jetstream().pull_subscribe_bind("probe", "EVENTS")
    while len(taken) < 2:
        taken += await subscription.fetch(2 - len(taken), timeout=30)
    taken[1].subject = "yingda.event.report.\0published"
    await BatchRuntime(probe.outbox, probe.handle).process(taken)
    await subscription.unsubscribe()
    assert probe.seen == ["good"]
    assert await probe.count(tables.dead_letters) == 1


async def read_of(nats_url: str, sent: bytes) -> tuple[Msg, Msg]:
    """Return what our reader reads of `sent`, which no client of NATS would send, and of a good message after it."""
    client = await nats.connect(nats_url)
    read_leanly(client)
    subscription = await client.subscribe("odd.>")
    await settle(client)
    host, port = nats_url.removeprefix("nats://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    await reader.readline()
    writer.write(sent + b"PUB odd.good 1\r\ny\r\n")
    await writer.drain()
    messages = await subscription.next_msg(timeout=30), await subscription.next_msg(timeout=30)
    writer.close()
    await client.close()
    return messages


async def test_a_subject_that_is_no_utf8_does_not_end_the_reader(fresh_nats: str) -> None:
    """nats-py's reader dies of such a subject and the client looks connected for ever after."""
    odd, good = await read_of(fresh_nats, b'CONNECT {"verbose":false}\r\nPUB odd.\xff\xfe 1\r\nx\r\n')
    assert (odd.data, good.subject) == (b"x", "odd.good")


@pytest.mark.parametrize("head", [b"x", b"NATS/1.0", b"NATS/1.0 ", b"123456789", b"NATS/1.0 \xff\xff\xff \xff\r\n\r\n"])
async def test_headers_that_are_none_do_not_end_the_reader(fresh_nats: str, head: bytes) -> None:
    """The server checks no header: one such message on a stream would end every reader that it is delivered to."""
    size = len(head)
    odd, good = await read_of(
        fresh_nats, b'CONNECT {"headers":true}\r\nHPUB odd.x %d %d\r\n%b\r\n' % (size, size, head)
    )
    assert (odd.subject, good.subject) == ("odd.x", "odd.good")


async def test_stopping_answers_every_command_that_has_arrived(probe: Probe) -> None:
    async def cancel(_tx: Transaction, command: Cancel) -> dict[str, str]:
        return {"id": command.command_id}

    server = CommandServer(probe.client, CommandDesk(probe.outbox, {Cancel: cancel}), "probe")
    await server.start()
    await settle(probe.client)
    body = '{"command_id": "c%d", "by": "market-1", "work_order_id": "w", "reason": "r"}'
    client = await nats.connect(probe.client.connected_url.geturl() if probe.client.connected_url else "")
    answers = await client.subscribe(inbox := client.new_inbox())
    for n in range(100):
        await client.publish(Cancel.SUBJECT, (body % n).encode(), reply=inbox)
    await settle(client)
    await server.stop()
    replies = [await answers.next_msg(timeout=30) for _ in range(100)]
    assert [reply.data for reply in replies if b'"ok":true' not in reply.data] == []
    await client.close()


async def test_a_silent_connection_blocks_neither_the_probes_nor_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health._QuietHandler, "timeout", 600)  # the connection is silent for longer than anybody waits
    server = HealthServer(Health(), "127.0.0.1", 0)
    url = server.url.removesuffix("/metrics")
    with closing(socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))):

        def live() -> int:
            with urllib.request.urlopen(f"{url}/livez", timeout=30) as answer:
                return int(answer.status)

        assert await asyncio.to_thread(live) == 200
        async with asyncio.timeout(30):
            await asyncio.to_thread(server.close)
