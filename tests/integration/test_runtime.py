"""The path of a batch on real NATS and PostgreSQL: once only, in order, poison alone, nothing lost."""

import asyncio
from collections.abc import Callable, Sequence

import nats
import pytest
from sqlalchemy import func, select, text

from shared.bus import pull
from shared.bus.commands import CommandDesk
from shared.bus.outbox import Outbox
from shared.bus.publish import Outgoing, Publisher, PublishError
from shared.bus.pull import PullFeed
from shared.bus.streams import EVENTS
from shared.bus.transaction import Transaction
from shared.bus.wire import acknowledge
from shared.clock import SystemClock
from shared.db import create_engine, insert_rows, schema_of, update_rows
from shared.events import Problem, ReportPublished, refuse
from shared.events.commands import Cancel
from shared.provision import provision
from shared.service import Service
from shared.settings import Settings
from shared.testing.servers import Servers, fresh_database
from tests.integration.runtime_probe import PROBE, Probe, effects, paused, published, report, tables
from tests.integration.runtime_probe import probe as probe
from tests.polling import until


async def test_a_message_delivered_three_times_has_its_effect_once(probe: Probe) -> None:
    message = published("a")
    await probe.publish(message, message, message)
    await probe.consume(3)
    assert await probe.count(effects) == 1

    async def nothing_left() -> bool:
        info = await probe.client.jetstream().consumer_info("EVENTS", "probe")
        return (info.num_pending, info.num_ack_pending) == (0, 0)

    await until(nothing_left, 30, said="the server has noted every acknowledgement")


async def test_a_redelivery_after_the_commit_changes_nothing(probe: Probe) -> None:
    message = published("a")
    await probe.publish(message)
    await probe.consume(1)
    await probe.publish(message)
    await probe.consume(1)
    assert await probe.count(effects) == 1


async def test_poison_ends_alone_in_the_dead_letters_and_the_rest_passes(probe: Probe) -> None:
    probe.poison = {"m13", "m77"}
    await probe.publish(*(published(f"m{n}") for n in range(100)))
    await probe.consume(100)
    assert await probe.count(effects) == 98
    async with probe.engine.connect() as connection:
        letters = (await connection.execute(select(tables.dead_letters))).all()
    assert len(letters) == 2
    assert {letter.reason for letter in letters} == {"the handler failed: ValueError"}, "its words may quote a customer"
    assert all(letter.body.startswith(b'{"specversion":"1.0"') for letter in letters)


async def test_a_body_that_cannot_be_read_is_kept_raw_and_the_others_go_on(probe: Probe) -> None:
    await probe.publish(
        published("good"),
        (ReportPublished.SUBJECT, b"not json"),
        (ReportPublished.SUBJECT, b'{"specversion":"1.0","id":"1","source":"x"}'),
    )
    await probe.consume(3)
    assert probe.seen == ["good"]
    async with probe.engine.connect() as connection:
        reasons = (await connection.execute(select(tables.dead_letters.c.reason).order_by(text("sequence")))).scalars()
        first, second = reasons.all()
    assert first.startswith("the body is not JSON")
    assert "type is required" in second
    assert "data is required" in second


async def test_an_id_that_postgresql_cannot_hold_is_a_dead_letter_too(probe: Probe) -> None:
    subject, body = published("good")
    await probe.publish(
        (subject, body.replace(b'"source":"yingda/feedback"', b'"source":"a\\u0000b"')), (subject, body)
    )
    await probe.consume(2)
    assert probe.seen == ["good"]
    assert await probe.count(tables.dead_letters) == 1


async def test_versions_are_applied_in_order_whatever_order_they_come_in(probe: Probe) -> None:
    await probe.publish(paused("w1", 3), paused("w1", 2), paused("w2", 1))
    await probe.consume(3)
    assert probe.seen == ["w2.1"]
    assert await probe.count(tables.parked) == 2
    await probe.publish(paused("w1", 1), paused("w1", 4))
    await probe.consume(2)
    assert probe.seen == ["w2.1", "w1.1", "w1.2", "w1.3", "w1.4"]
    assert await probe.count(tables.parked) == 0


async def test_what_a_batch_emits_is_one_atomic_batch_on_the_stream(probe: Probe) -> None:
    probe.answer = True
    await probe.publish(*(published(f"m{n}") for n in range(20)))
    await probe.consume(20)
    info = await probe.client.jetstream().stream_info("EVENTS")
    assert info.state.messages == 40
    last = await probe.client.jetstream().get_msg("EVENTS", info.state.last_seq)
    assert (last.headers or {})["Nats-Batch-Commit"] == "1"
    assert await probe.outbox.relay() == 0
    async with probe.engine.connect() as connection:
        unsent = select(func.count()).where(tables.outbox.c.sent_at.is_(None))
        assert await connection.scalar(unsent) == 0


async def test_an_atomic_batch_with_a_duplicate_is_published_one_by_one(probe: Probe) -> None:
    publisher = Publisher(probe.client, "EVENTS")
    messages = [Outgoing(f"yingda/probe/{n}", ReportPublished.SUBJECT, published(str(n))[1]) for n in range(5)]
    assert await publisher.publish(messages[2:3]) == "single"
    assert await publisher.publish(messages) == "one_by_one"
    info = await probe.client.jetstream().stream_info("EVENTS")
    assert info.state.messages == 5


async def test_a_lone_message_never_waits_for_a_batch(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short batch's open request must not swallow the next message for seconds, as nats-py's own fetch does."""
    feed = PullFeed(probe.client, PROBE.consumer, 250)
    with monkeypatch.context() as patch:  # what waits for the end of a request waits too long for this test
        patch.setattr(pull, "EXPIRES_SECONDS", 90.0)
        patch.setattr(pull, "SILENCE_SECONDS", 90.0)
        await feed.start()
        async with asyncio.timeout(60):
            for n in range(40):
                await probe.publish(*(published(f"m{n}-{k}") for k in range(1 + n % 3)))
                waiting = 1 + n % 3
                while waiting:
                    for message in await feed.next():
                        await message.ack()
                        waiting -= 1
    await feed.close()
    assert await feed.next() == []


async def test_a_request_that_ends_while_the_reader_is_busy_is_made_anew_at_once(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the next message waits until the server's silence is noticed: two seconds, for one lone contact in twenty."""
    feed = PullFeed(probe.client, PROBE.consumer, 250)
    await feed.start()
    async with asyncio.timeout(30):
        await feed._settled.wait()
    await probe.publish(published("late"))
    with monkeypatch.context() as patch:
        patch.setattr(pull, "SILENCE_SECONDS", 90.0)
        async with asyncio.timeout(60):
            (message,) = await feed.next()
    await message.ack()
    await feed.close()


async def test_what_waited_behind_another_batch_has_its_full_time_when_its_turn_comes(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a busy service gets the same messages again and again, and is busier for it."""
    told = await probe.client.subscribe("$JS.ACK.EVENTS.probe.>")
    await probe.publish(*(published(f"{number}") for number in range(4)))
    feed = PullFeed(probe.client, PROBE.consumer, 2)
    await feed.start()
    for long, words in ((60.0, [b""]), (0.0, [b"+WPI", b""])):  # the second one has waited long, the first one has not
        monkeypatch.setattr(pull, "WAITED_SECONDS", long)
        messages = await feed.next()
        messages += await feed.next() if len(messages) < 2 else []
        assert len(messages) == 2
        await acknowledge(messages)
        heard = [await told.next_msg(timeout=30) for _ in words for _ in messages]
        said = {(one.reply, word) for one in messages for word in words}
        assert {(one.subject, one.data) for one in heard} == said, "the server begins anew to count, then it is done"
    await feed.close()


async def test_a_feed_outlives_a_lost_request_and_a_missing_consumer(probe: Probe) -> None:
    jetstream = probe.client.jetstream()
    feed = PullFeed(probe.client, PROBE.consumer, 250)
    await feed.start()
    await jetstream.delete_consumer("EVENTS", "probe")
    assert await feed.next() == []
    await provision(probe.engine, probe.client, [PROBE])
    await probe.publish(published("late"))
    async with asyncio.timeout(60):
        while not (messages := await feed.next()):
            pass
    await messages[0].ack()
    await feed.close()


class _Deaf(Publisher):
    """A publisher whose server does not answer."""

    async def publish(self, messages: Sequence[Outgoing]) -> str:  # type: ignore[override]
        raise PublishError(f"{len(messages)} messages went nowhere")


async def test_what_is_committed_is_published_whatever_is_called_after_the_commit(probe: Probe) -> None:
    """Else its place at the head of the line would hold up everything that follows, a second each, for ever."""

    def fail() -> None:
        raise ValueError("after the commit")

    async def emit(*after: Callable[[], None]) -> None:
        async with probe.outbox.transaction() as tx:
            tx.emit(report("a"), subject="a")
            tx.committed += after

    with pytest.raises(ValueError, match="after the commit"):
        await emit(fail)
    await emit()
    assert not probe.outbox.behind
    info = await probe.client.jetstream().stream_info("EVENTS")
    assert info.state.messages == 2


async def test_the_relay_publishes_what_a_crash_left(probe: Probe) -> None:
    deaf = Outbox("probe", probe.engine, tables, SystemClock(), _Deaf(probe.client, "EVENTS"))
    async with deaf.transaction() as tx:
        tx.emit(report("left"), subject="left")
    since = "UPDATE probe.outbox SET created_at = clock_timestamp() {} interval '{} seconds'"
    async with probe.engine.begin() as connection:
        await connection.execute(text(since.format("+", 30)))  # however long it takes until the relay looks
    assert await probe.outbox.relay() == 0, "what is fresh may still be on its way"
    async with probe.engine.begin() as connection:
        await connection.execute(text(since.format("-", 3)))
    assert await probe.outbox.relay() == 1
    assert await probe.outbox.relay() == 0
    assert (await probe.client.jetstream().stream_info("EVENTS")).state.messages == 1


async def test_a_command_repeated_gives_the_same_reply_and_another_body_is_refused(probe: Probe) -> None:
    done: list[str] = []

    async def cancel(tx: Transaction, command: Cancel) -> dict[str, str] | Problem:
        if command.reason == "no":
            return refuse(409, "illegal-step", "It cannot be cancelled", "It is closed.")
        done.append(command.command_id)
        tx.emit(report(command.work_order_id), subject=command.work_order_id)
        return {"work_order_id": command.work_order_id}

    desk = CommandDesk(probe.outbox, {Cancel: cancel})
    body = b'{"command_id": "c1", "by": "market-1", "work_order_id": "w1", "reason": "twice"}'
    first, second = await desk.answer(Cancel.SUBJECT, body), await desk.answer(Cancel.SUBJECT, body)
    assert first == second == b'{"ok":true,"result":{"work_order_id":"w1"}}'
    assert done == ["c1"]
    other = await desk.answer(Cancel.SUBJECT, body.replace(b"w1", b"w2"))
    assert b'"status":409' in other
    assert b"command-reused" in other
    refused = await desk.answer(Cancel.SUBJECT, body.replace(b"c1", b"c2").replace(b"twice", b"no"))
    assert b"illegal-step" in refused
    unreadable = await desk.answer(Cancel.SUBJECT, b'{"command_id": "c3"}')
    assert b'"field":"by"' in unreadable
    assert (await probe.client.jetstream().stream_info("EVENTS")).state.messages == 1


async def test_commands_racing_with_one_command_id_take_effect_once(probe: Probe) -> None:
    done: list[str] = []

    async def cancel(_tx: Transaction, command: Cancel) -> dict[str, str]:
        done.append(command.command_id)
        return {"at": str(len(done))}

    desk = CommandDesk(probe.outbox, {Cancel: cancel})
    body = b'{"command_id": "c1", "by": "market-1", "work_order_id": "w1", "reason": "race"}'
    replies = await asyncio.gather(*(desk.answer(Cancel.SUBJECT, body) for _ in range(5)))
    assert set(replies) == {b'{"ok":true,"result":{"at":"1"}}'}
    assert done == ["c1"]


async def test_rows_are_updated_set_based(probe: Probe) -> None:
    async with probe.engine.begin() as connection:
        rows = [{"id": str(n), "kind": "a", "times": n} for n in range(10)]
        await insert_rows(connection, effects, rows)
        await update_rows(connection, effects, [{"id": str(n), "times": n * 2} for n in range(5)])
        total = await connection.scalar(select(func.sum(effects.c.times)))
    assert total == 45 + 10


async def test_provisioning_twice_changes_nothing(probe: Probe) -> None:
    assert await provision(probe.engine, probe.client, [PROBE]) == []


async def test_two_databases_of_one_server_can_be_provisioned_at_the_same_moment(
    servers: Servers, fresh_nats: str
) -> None:
    """Roles belong to the server, schemas to a database."""
    unseen = Service("unseen", schema_of("unseen"), tables, EVENTS, PROBE.consumes, PROBE.build)
    async with fresh_database(servers.database_url) as one, fresh_database(servers.database_url) as other:
        engines = [create_engine(Settings(database_url=url)) for url in (one, other)]
        client = await nats.connect(fresh_nats)
        await asyncio.gather(*(provision(engine, client, [unseen]) for engine in engines))
        for engine in engines:
            assert await provision(engine, client, [unseen]) == []
            await engine.dispose()
        await client.close()
