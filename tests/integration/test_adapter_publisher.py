"""The publisher of the adapters against a real NATS server (ADR 0038): acknowledged, grouped, patient, bounded."""

import asyncio
import json
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from prometheus_client import Counter

from shared import metrics
from shared.adapters import BusAway, Published, Publisher, RefusedByBus, TooLarge
from shared.adapters.publisher import LARGEST_BODY
from shared.bus.connect import make_broker
from shared.bus.streams import CONTACTS
from shared.events.envelope import decode
from shared.settings import load_settings
from shared.testing.embedded_nats import EmbeddedNats
from tests.polling import until

AT = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)


@pytest.fixture
async def nats(tmp_path: Path) -> AsyncIterator[EmbeddedNats]:
    async with EmbeddedNats(tmp_path) as server:
        yield server


@pytest.fixture
async def client(nats: EmbeddedNats) -> AsyncIterator[Client]:
    broker = make_broker(load_settings({"YINGDA_NATS_URL": nats.url}), "test")
    client = await broker.connect()
    await JetStreamContext(client).add_stream(CONTACTS.config())
    yield client
    await broker.stop()


def _data(text: str = "空调不制冷") -> dict[str, Any]:
    return {"occurred_at": "2026-11-23T10:15:00+08:00", "text": text}


def _count(counter: Counter, **labels: str) -> float:
    return sum(s.value for m in counter.collect() for s in m.samples if labels.items() <= s.labels.items())


async def test_what_is_published_is_on_the_stream_in_its_envelope(client: Client) -> None:
    async with Publisher(client, ["web"], name="one") as publisher:
        done = await publisher.publish("web", source="web/shop", id="42", data=_data(), time=AT)
        again = await publisher.publish("web", source="web/shop", id="42", data=_data(), time=AT)
    assert done == Published("web/shop/42", repeated=False)
    assert again == Published("web/shop/42", repeated=True)
    held = await JetStreamContext(client).get_msg(CONTACTS.name, 1)
    assert held.subject == "yingda.contact.received.web"
    assert held.headers is not None
    assert held.headers["Nats-Msg-Id"] == "web/shop/42"
    message = decode(held.data or b"")
    assert (message.key, message.type, message.time) == ("web/shop/42", "yingda.contact.received.v1", AT)
    assert message.data == _data()
    assert (await JetStreamContext(client).stream_info(CONTACTS.name)).state.messages == 1


async def test_what_is_no_number_is_written_as_null_since_json_has_no_other_word(client: Client) -> None:
    odd = {"price": math.nan, "most": [math.inf, -math.inf]}
    async with Publisher(client, ["web"], name="odd") as publisher:
        await publisher.publish("web", source="web/shop", id="43", data=_data() | {"details": odd})
    held = await JetStreamContext(client).get_msg(CONTACTS.name, 1)
    told = json.loads(held.data or b"", parse_constant=pytest.fail)
    assert told["data"]["details"] == {"price": None, "most": [None, None]}


async def test_those_who_wait_at_once_share_commits_and_each_gets_its_own_answer(client: Client) -> None:
    """Also where one of them is known already, is there twice, or can never be taken."""
    async with Publisher(client, ["web", "sms"], name="many") as publisher:
        await publisher.publish("web", source="web/shop", id="7", data=_data())
        wanted = [publisher.publish("web", source="web/shop", id=str(n), data=_data()) for n in (*range(300), 299)]
        large = publisher.publish("sms", source="s", id="x", data=_data("x" * LARGEST_BODY))
        stranger = publisher.publish("email", source="s", id="x", data=_data())
        unnamed = publisher.publish("sms", source="s", id="a\nb", data=_data())
        *answers, first, second, third = await asyncio.gather(*wanted, large, stranger, unnamed, return_exceptions=True)
    assert all(isinstance(answer, Published) for answer in answers)
    assert sum(answer.repeated for answer in answers if isinstance(answer, Published)) == 2
    assert isinstance(first, TooLarge)
    assert isinstance(second, RefusedByBus)
    assert isinstance(third, RefusedByBus)
    assert (await JetStreamContext(client).stream_info(CONTACTS.name)).state.messages == 300
    assert _count(metrics.ADAPTER_CONTACTS, adapter="many", outcome="published") == 300
    assert _count(metrics.ADAPTER_CONTACTS, adapter="many", outcome="repeated") == 2


async def test_while_the_bus_is_away_contacts_wait_and_then_come_through(client: Client, nats: EmbeddedNats) -> None:
    async with Publisher(client, ["web"], name="patient", patience_seconds=60) as publisher:
        await nats.kill()
        await until(lambda: not client.is_connected, 60)
        waiting = [asyncio.create_task(publisher.publish("web", source="w", id=str(n), data=_data())) for n in range(9)]
        await until(lambda: publisher.waiting == len(waiting), 60)
        assert not any(one.done() for one in waiting)
        await nats.start()
        assert {one.key for one in await asyncio.gather(*waiting)} == {f"w/{n}" for n in range(9)}
    assert (await JetStreamContext(client).stream_info(CONTACTS.name)).state.messages == 9


async def test_who_has_waited_too_long_is_told_and_may_repeat(client: Client, nats: EmbeddedNats) -> None:
    async with Publisher(client, ["web"], name="short", patience_seconds=0.5) as publisher:
        await nats.kill()
        await until(lambda: not client.is_connected, 60)
        with pytest.raises(BusAway):
            await publisher.publish("web", source="w", id="1", data=_data())
    await nats.start()
    async with Publisher(client, ["web"], name="short", patience_seconds=60) as publisher:
        assert (await publisher.publish("web", source="w", id="1", data=_data())).key == "w/1"
    assert (await JetStreamContext(client).stream_info(CONTACTS.name)).state.messages == 1


async def test_a_publisher_that_closes_takes_nothing_more(client: Client) -> None:
    publisher = Publisher(client, ["web"])
    publisher.start()
    last = asyncio.create_task(publisher.publish("web", source="w", id="1", data=_data()))
    await until(lambda: last.done() or publisher.waiting == 1, 60)
    await publisher.close()
    assert (await last).key == "w/1"
    with pytest.raises(BusAway):
        await publisher.publish("web", source="w", id="2", data=_data())
