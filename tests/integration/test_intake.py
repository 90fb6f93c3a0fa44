"""Intake on real NATS and PostgreSQL: every contact recorded once, its customer found, the unreadable kept."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from nats.aio.msg import Msg
from sqlalchemy import insert

from services.intake import store
from shared.cli.letter_replay import replay_letter
from shared.db import create_engine
from shared.events import ContactRegistered, ContactRejected, Message
from tests.integration.intake_house import Intake, envelope, form, intake_house
from tests.polling import until_a_lock_is_awaited
from tests.statements import statements

WANG: dict[str, Any] = {"name": "王芳", "honorific": "女士", "phone": "138 0013 8000", "tier": "returning"}
BACKGROUND = {
    "problem": "不制冷",
    "demand": "换货",
    "order_no": "2024051800123",
    "product_model": "KFR-35GW",
    "purchase_date": "2026-11-16",
}


@pytest.fixture
async def intake(database_url: str, fresh_nats: str) -> AsyncIterator[Intake]:
    async with intake_house(database_url, fresh_nats) as ready:
        yield ready


async def test_a_contact_is_recorded_with_everything_it_says(intake: Intake) -> None:
    """R-IN-01, R-IN-02"""
    contact = form(
        customer=WANG | {"wechat": "w-1"},
        category="after_sales",
        topic="product",
        details=BACKGROUND,
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
    assert told.details == {**BACKGROUND, "callcenter": "east", "customer": {"wechat": "w-1"}}
    assert told.duration_seconds == 145
    assert [one.model_dump() for one in told.attachments] == contact["attachments"]
    assert (told.category, told.topic, told.emotion, told.agent_id) == ("after_sales", "product", "anxious", "A012")
    assert told.personal.model_dump(exclude_none=True) == {
        "name": "王芳",
        "honorific": "女士",
        "phone": "138 0013 8000",
        "text": contact["text"],
    }
    assert (contact_row.id, contact_row.text, contact_row.duration_seconds) == (told.contact_id, contact["text"], 145)
    assert contact_row.details == BACKGROUND
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
    assert (
        rejected["web/shop/5"].reason
        == letters[6].reason
        == 'no plugin for channel "fax" is configured (plugins.channels of the policy)'
    )
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


async def test_a_rejected_contact_is_corrected_and_replayed(intake: Intake) -> None:
    """R-IN-08: the operator sends the corrected form; it is recorded once, under the id that it had."""
    await intake.publish(envelope(7, form(emotion="furious", customer=WANG)))
    await intake.bench.consume(1)
    (letter,) = await intake.bench.rows(store.runtime.dead_letters)
    assert letter.body == envelope(7, form(emotion="furious", customer=WANG))
    assert "emotion" in letter.reason
    corrected = envelope(7, form(emotion="impatient", customer=WANG))
    await replayed(intake, f"intake:{letter.id}", corrected)
    await intake.bench.consume(1)
    (told,) = await intake.registered()
    assert (told.source_id, told.emotion, told.personal.name) == ("web/shop/7", "impatient", "王芳")
    (letter,) = await intake.bench.rows(store.runtime.dead_letters)
    assert (letter.state, letter.acted_by) == ("replayed", "operator")
    await replayed(intake, f"intake:{letter.id}", corrected)
    await intake.bench.consume(1)
    assert len(await intake.registered()) == await intake.bench.count(store.contacts) == 1


async def replayed(intake: Intake, letter_id: str, body: bytes) -> None:
    """Replay it as the operator, whose rights are not intake's."""
    engine = create_engine(intake.bench.context.settings)
    try:
        await replay_letter(engine, intake.bench.client, letter_id, body, "operator")
    finally:
        await engine.dispose()


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
        await until_a_lock_is_awaited(intake.bench.engine)
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


@pytest.mark.parametrize(("channel", "most"), [("web", 4), ("phone", 5)])
async def test_a_batch_takes_the_same_statements_whatever_its_size(intake: Intake, channel: str, most: int) -> None:
    """One more where there are calls to be counted (R-IN-10)."""
    counts = []
    for size in (1, 20, 50):  # the first one opens the connection; many more go by COPY, one for each table
        bodies = [
            envelope(f"{size}-{n}", form(customer={"phone": f"13{size:03}{n:06}"}, agent_id=f"service-{n % 9}"))
            for n in range(size)
        ]
        await intake.publish(*bodies, channel=channel)
        messages = await intake.bench.fetch(size)
        with statements() as told:
            await intake.bench.process(messages)
        counts.append(len(told))
    assert await intake.bench.count(store.customers) == 71
    assert 0 < counts[1] <= most
    assert counts[2] == counts[1]


def _again(message: Msg) -> Msg:
    """The same message as the server delivers it a second time."""
    return Msg(
        _client=message._client,
        subject=message.subject,
        reply=message.reply,
        data=message.data,
        headers=message.headers,
    )
