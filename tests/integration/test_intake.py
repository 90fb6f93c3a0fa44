"""Intake on real NATS and PostgreSQL: every contact recorded once, its customer found, the unreadable kept."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from nats.aio.msg import Msg
from sqlalchemy import event, insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake import store
from services.intake.app import SERVICE, installed_channels
from services.intake.handlers import Reception, on_rejected
from services.intake.ports import Channel, Reading
from shared.events import ContactRegistered, ContactRejected, Message
from shared.service import Context, Parts
from shared.testing.bench import ServiceBench, service_bench
from shared.testing.clock import SetClock

WANG: dict[str, Any] = {"name": "王芳", "honorific": "女士", "phone": "138 0013 8000", "tier": "returning"}


def form(**changes: Any) -> dict[str, Any]:
    return {"occurred_at": "2026-11-23T10:15:00+08:00", "text": "空调不制冷，要求换货", **changes}


def envelope(number: object, data: object, **changes: object) -> bytes:
    message = {
        "specversion": "1.0",
        "id": str(number),
        "source": "web/shop",
        "type": "yingda.contact.received.v1",
        "time": "2026-11-23T02:15:00Z",
        "data": data,
    }
    return json.dumps(message | changes).encode()


class Faulty:
    """A stranger's channel that breaks its promise never to raise."""

    name = "faulty"

    def read(self, data: Mapping[str, Any]) -> Reading:
        raise KeyError(data["text"])


@dataclass
class Intake:
    """Two replicas of intake on the same servers."""

    bench: ServiceBench
    other: ServiceBench

    async def publish(self, *bodies: bytes, channel: str = "web") -> None:
        jetstream = self.bench.client.jetstream()
        for body in bodies:
            await jetstream.publish(f"yingda.contact.received.{channel}", body, stream="CONTACTS")

    async def registered(self) -> list[ContactRegistered]:
        return await self.bench.told(ContactRegistered)

    async def rejected(self) -> list[ContactRejected]:
        return await self.bench.told(ContactRejected)


async def with_a_faulty_channel(context: Context) -> Parts:
    channels: dict[str, Channel] = installed_channels() | {"faulty": Faulty()}
    return Parts(on_events=Reception(channels, context.policy).on_events, on_rejected=on_rejected)


@pytest.fixture
async def intake(database_url: str, fresh_nats: str) -> AsyncIterator[Intake]:
    service = replace(SERVICE, build=with_a_faulty_channel)
    async with service_bench(service, database_url, fresh_nats, clock=SetClock()) as bench:
        yield Intake(bench, await bench.replica())


async def test_a_contact_is_recorded_with_everything_it_says(intake: Intake) -> None:
    """R-IN-01, R-IN-02"""
    contact = form(
        customer=WANG | {"wechat": "w-1"},
        category="after_sales",
        topic="product",
        details={"order_no": "2024051800123"},
        emotion="anxious",
        agent_id="A012",
        duration_seconds=145,
        attachments=[{"kind": "image", "name": "a.jpg", "how_obtained": "customer"}],
        callcenter="east",
    )
    await intake.publish(envelope("call-1", contact, source="phone/east"), channel="phone")
    await intake.bench.consume(1)
    (told,) = await intake.registered()
    (contact_row,) = await intake.bench.rows(store.contacts)
    (customer_row,) = await intake.bench.rows(store.customers)
    assert (told.channel, told.source_id, told.customer_id) == ("phone", "phone/east/call-1", customer_row.id)
    assert told.occurred_at == contact_row.occurred_at == datetime(2026, 11, 23, 2, 15, tzinfo=UTC)
    assert told.registered_at == contact_row.registered_at
    assert told.details == {"order_no": "2024051800123", "callcenter": "east", "customer": {"wechat": "w-1"}}
    assert (told.category, told.topic, told.emotion, told.agent_id) == ("after_sales", "product", "anxious", "A012")
    assert told.personal.model_dump(exclude_none=True) == {
        "name": "王芳",
        "honorific": "女士",
        "phone": "138 0013 8000",
        "text": contact["text"],
    }
    assert (contact_row.id, contact_row.text, contact_row.duration_seconds) == (told.contact_id, contact["text"], 145)
    assert contact_row.details == {"order_no": "2024051800123"}
    assert contact_row.attachments == contact["attachments"]
    assert contact_row.extra == {"callcenter": "east", "customer": {"wechat": "w-1"}}
    assert (customer_row.name, customer_row.tier, customer_row.email) == ("王芳", "returning", None)
    (identifier,) = await intake.bench.rows(store.identifiers)
    assert (identifier.kind, identifier.value) == ("phone", "+8613800138000")
    assert identifier.source_id == told.source_id


async def test_in_a_mixed_batch_the_bad_ones_are_kept_and_the_good_ones_go_on(intake: Intake) -> None:
    """R-IN-08: kept raw with the reason, told of once, and without what the customer wrote."""
    before = (await intake.bench.client.jetstream().stream_info("CONTACTS")).state.last_seq
    traced = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    await intake.publish(
        envelope(1, form()),
        b"\xff not json",
        envelope(2, form(occurred_at="just now", emotion="secret words")),
        envelope(3, form(), specversion="0.3"),
        envelope(4, form(text="坏\x00字", details={"k\x00": "\x00v"}), **traced),
    )
    await intake.publish(envelope(5, form(), **traced), channel="fax")
    await intake.publish(envelope(6, form(text="secret words")), channel="faulty")
    await intake.bench.consume(7)
    registered = {event.source_id: event for event in await intake.registered()}
    assert set(registered) == {"web/shop/1", "web/shop/4"}
    assert registered["web/shop/4"].personal.text == "坏字"
    assert registered["web/shop/4"].details == {"k": "v"}

    letters = {row.sequence - before: row for row in await intake.bench.rows(store.runtime.dead_letters)}
    rejected = {event.source_id: event for event in await intake.rejected()}
    assert len(letters) == len(rejected) == 5
    assert letters[2].body == b"\xff not json"
    unread = rejected[f"unknown/CONTACTS/{before + 2}"]
    assert (unread.channel, unread.reason) == ("web", letters[2].reason)
    assert [error["field"] for error in rejected["web/shop/2"].errors] == ["occurred_at", "emotion"]
    assert [error["field"] for error in rejected["web/shop/3"].errors] == ["specversion"]
    assert rejected["web/shop/5"].channel == "fax"
    assert rejected["web/shop/5"].reason == letters[6].reason == 'no plugin for channel "fax" is installed'
    assert rejected["web/shop/6"].reason == 'the plugin for channel "faulty" failed: KeyError'
    assert "secret" not in repr(await intake.rejected())
    told: list[Message[Any]] = await intake.bench.messages(ContactRegistered, ContactRejected)
    (trace,) = {message.trace_id for message in told if message.data.source_id in {"web/shop/4", "web/shop/5"}}
    assert trace == "a" * 32


async def test_the_same_contact_again_is_one_contact(intake: Intake) -> None:
    """R-IN-06: twice in one batch, again later, and again when the inbox has forgotten it."""
    await intake.publish(envelope(1, form()), envelope(1, form()))
    await intake.bench.consume(2)
    await intake.publish(envelope(1, form(text="anders")))
    await intake.bench.consume(1)
    async with intake.bench.engine.begin() as connection:
        await connection.execute(store.runtime.inbox.delete())
    await intake.publish(envelope(1, form()))
    await intake.bench.consume(1)
    assert len(await intake.bench.rows(store.contacts)) == len(await intake.registered()) == 1
    assert len(await intake.bench.rows(store.customers)) == 1


async def test_an_unreadable_message_delivered_again_is_told_of_once(intake: Intake) -> None:
    """R-IN-08"""
    await intake.publish(b"{}")
    (message,) = await intake.bench.fetch(1)
    await intake.bench.process([message])
    await intake.other.process([_again(message)])
    assert len(await intake.rejected()) == len(await intake.bench.rows(store.runtime.dead_letters)) == 1


async def test_a_customer_is_found_by_any_identifier_and_completed(intake: Intake) -> None:
    """R-IN-04: an anonymous name is completed later, what is known is never overwritten."""
    await intake.publish(envelope(1, form(customer={"phone": "13800138000"})))
    await intake.bench.consume(1)
    await intake.publish(
        envelope(2, form(customer={"phone": "+86 138 0013 8000", "name": "王芳", "email": "Wang@example.com"})),
        envelope(3, form(customer={"email": "wang@example.com", "name": "王小芳", "member_no": "m1"})),
        envelope(4, form(customer={"member_no": "M1"})),
        envelope(5, form(customer={"name": "匿名客户"})),
        envelope(6, form(customer=None)),
    )
    await intake.bench.consume(5)
    told = {int(event.source_id[-1]): event for event in await intake.registered()}
    customer_ids = {number: event.customer_id for number, event in told.items()}
    assert len({customer_ids[n] for n in (1, 2, 3, 4)}) == 1
    assert len(set(customer_ids.values())) == 3
    assert [told[n].personal.name for n in (1, 2, 3, 4, 5, 6)] == [
        "匿名客户",
        "王芳",
        "王小芳",
        "王芳",
        "匿名客户",
        "匿名客户",
    ]
    assert told[4].personal.phone == "13800138000"
    (wang,) = [row for row in await intake.bench.rows(store.customers) if row.id == customer_ids[1]]
    assert (wang.name, wang.phone, wang.email, wang.member_no) == ("王芳", "13800138000", "Wang@example.com", "m1")
    assert {(row.kind, row.value) for row in await intake.bench.rows(store.identifiers)} == {
        ("phone", "+8613800138000"),
        ("email", "wang@example.com"),
        ("member_no", "M1"),
    }


async def test_two_customers_are_never_merged(intake: Intake) -> None:
    """R-IN-06: the strongest identifier wins; the weaker one stays where it was."""
    await intake.publish(
        envelope(1, form(customer={"member_no": "M1"})), envelope(2, form(customer={"phone": "13800138000"}))
    )
    await intake.bench.consume(2)
    await intake.publish(envelope(3, form(customer={"phone": "13800138000", "member_no": "M1"})))
    await intake.bench.consume(1)
    one, two, both = (event.customer_id for event in await intake.registered())
    assert one == both != two
    owners = {row.kind: row.customer_id for row in await intake.bench.rows(store.identifiers)}
    assert owners == {"member_no": one, "phone": two}


async def test_a_new_customer_who_arrives_at_two_replicas_at_once_is_one(intake: Intake) -> None:
    """R-IN-06: the replica that comes second waits, and gives what it claimed to the first one's customer."""
    now = datetime.now(UTC)
    await intake.publish(
        envelope(1, form(customer={"phone": "13800138000", "email": "wang@example.com", "name": "王芳"}))
    )
    messages = await intake.bench.fetch(1)
    async with intake.bench.engine.begin() as first:
        await first.execute(
            insert(store.customers).values(id="theirs", preferences={}, provenance={}, created_at=now, updated_at=now)
        )
        await first.execute(
            insert(store.identifiers).values(
                kind="phone", value="+8613800138000", customer_id="theirs", source_id="web/shop/0", created_at=now
            )
        )
        second = asyncio.create_task(intake.other.process(messages))
        await _until_a_lock_is_awaited(intake.bench.engine)
        assert not second.done()
    await second
    assert [event.customer_id for event in await intake.registered()] == ["theirs"]
    assert {row.customer_id for row in await intake.bench.rows(store.identifiers)} == {"theirs"}
    (customer,) = await intake.bench.rows(store.customers)
    assert (customer.id, customer.name, customer.email) == ("theirs", "王芳", "wang@example.com")


async def test_replicas_working_side_by_side_make_one_customer_of_each(intake: Intake) -> None:
    """R-IN-06: whatever order the contacts of a customer come in, at whichever replica, nobody exists twice."""
    people = [{"phone": f"138001380{n:02}", "email": f"p{n}@example.com", "member_no": f"M{n}"} for n in range(20)]
    bodies = [
        envelope(f"{n}-{cut}", form(customer={key: person[key] for key in keys}))
        for cut, keys in enumerate((("phone", "member_no"), ("member_no", "phone", "email"), ("email", "member_no")))
        for n, person in (enumerate(people) if cut % 2 else reversed(list(enumerate(people))))
    ]
    await intake.publish(*bodies)
    messages = await intake.bench.fetch(len(bodies))
    await asyncio.gather(
        *(
            (intake.bench, intake.other)[n % 2].process(messages[start : start + 10])
            for n, start in enumerate(range(0, 60, 10))
        )
    )
    assert len(await intake.registered()) == 60
    assert len(await intake.bench.rows(store.customers)) == 20
    assert len(await intake.bench.rows(store.identifiers)) == 60
    by_person: dict[str, set[str]] = {}
    for told in await intake.registered():
        by_person.setdefault(told.source_id.rpartition("/")[2].partition("-")[0], set()).add(told.customer_id)
    assert {len(ids) for ids in by_person.values()} == {1}


async def test_a_batch_takes_the_same_statements_whatever_its_size(intake: Intake) -> None:
    statements: list[str] = []
    event.listen(
        intake.bench.engine.sync_engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_: statements.append(statement),
    )
    counts = []
    for size in (1, 100):
        await intake.publish(
            *(envelope(f"{size}-{n}", form(customer={"phone": f"13{size:03}{n:06}"})) for n in range(size))
        )
        messages = await intake.bench.fetch(size)
        statements.clear()
        await intake.bench.process(messages)
        counts.append(len(statements))
    assert await intake.bench.count(store.customers) == 101
    assert counts[0] <= 7
    assert abs(counts[1] - counts[0]) <= 1  # the second batch marks the first one's events as sent


def _again(message: Msg) -> Msg:
    """The same message as the server delivers it a second time."""
    return Msg(
        _client=message._client,
        subject=message.subject,
        reply=message.reply,
        data=message.data,
        headers=message.headers,
    )


async def _until_a_lock_is_awaited(engine: AsyncEngine) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(10):
        while True:
            async with engine.connect() as connection:
                if await connection.scalar(waiting):
                    return
            await asyncio.sleep(0.01)  # the server does not tell of locks
