"""`yingda workorder show` on real streams: by number and by contact, among thousands, with and without its messages."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError
from pydantic_core import from_json, to_json

from shared.bus.publish import Outgoing, Publisher
from shared.bus.settle import settle
from shared.bus.streams import CONTACTS, EVENTS, STREAMS
from shared.events import Command, Event, compose, encode
from shared.events.commands import GetWorkorder, ListClocks, ListNotifications
from shared.testing.builders import opened_workorder, registered_contact
from tests.command_line import Outcome, yingda_beside
from tests.e2e.suite import contact, envelope

WORK_ORDER, CONTACT = "01999999-0000-7000-8000-000000000001", "01999999-0000-7000-8000-000000000002"
SOURCE = "web/shop/show-1"

Answer = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@pytest.fixture
async def client(fresh_nats: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    connection = await nats.connect(fresh_nats)
    jetstream = connection.jetstream()
    for stream in STREAMS:
        try:
            await jetstream.purge_stream(stream.name)
        except NotFoundError:
            await jetstream.add_stream(stream.config())
    monkeypatch.setenv("YINGDA_NATS_URL", fresh_nats)
    monkeypatch.delenv("YINGDA_POLICY", raising=False)
    yield connection
    await connection.close()


async def publish(client: Client, *events: tuple[Event, datetime]) -> None:
    messages = [
        compose(event, source="yingda/routing", subject="x", at=at, traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
        for event, at in events
    ]
    await Publisher(client, EVENTS.name).publish(
        [Outgoing(m.key, m.data.SUBJECT, encode(m), m.trace) for m in messages]
    )


@asynccontextmanager
async def answering(client: Client, answers: Mapping[type[Command], Answer]) -> AsyncIterator[None]:
    """Answer commands in the place of the services."""

    def responder(answer: Answer) -> Callable[[Msg], Any]:
        async def respond(request: Msg) -> None:
            await request.respond(to_json(answer(from_json(request.data))))

        return respond

    subscriptions = [await client.subscribe(model.SUBJECT, cb=responder(answer)) for model, answer in answers.items()]
    await settle(client)
    yield
    for subscription in subscriptions:
        await subscription.unsubscribe()


def services(registered_at: datetime) -> Mapping[type[Command], Answer]:
    order = {
        "work_order_id": WORK_ORDER,
        "number": "XR7",
        "contact_id": CONTACT,
        "source_id": SOURCE,
        "occurred_at": registered_at,
        "registered_at": registered_at,
    }

    def work_order(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if "XR7" in asked.values() or WORK_ORDER in asked.values() or asked.get("contact_id") == CONTACT:
            return {"ok": True, "result": {"work_order": order, "steps": []}}
        return {"ok": False, "error": {"type": "t", "title": "t", "status": 404, "detail": "There is none."}}

    return {
        GetWorkorder: work_order,
        ListNotifications: lambda _asked: {"ok": True, "result": {"notifications": []}},
        ListClocks: lambda _asked: {"ok": True, "result": {"clocks": []}},
    }


async def shown(name: str) -> tuple[dict[str, Any], Outcome]:
    outcome = await yingda_beside("workorder", "show", name, "--json")
    assert outcome.code == 0, outcome.err
    told: dict[str, Any] = json.loads(outcome.out)
    return told, outcome


async def test_by_number_id_and_contact_the_way_begins_where_the_stream_took_the_contact(client: Client) -> None:
    body = envelope(contact(), "web", "show-1")
    await client.jetstream().publish("yingda.contact.received.web", b"no contact", stream=CONTACTS.name)
    await client.jetstream().publish("yingda.contact.received.web", body, stream=CONTACTS.name)
    now = datetime.now(UTC)
    events = (
        (registered_contact(CONTACT, source_id=SOURCE, channel="web"), now),
        (opened_workorder(WORK_ORDER, contact_id=CONTACT), now),
    )
    await publish(client, *events)
    async with answering(client, services(now)):
        told, _ = await shown("XR7")
        assert [one["what"] for one in told["way"]][:2] == ["contact received", "contact occurred"]
        assert told["way"][0]["at"] < told["way"][1]["at"]
        assert told["notes"] == []
        assert told["trace_id"] == "a" * 32
        assert (await shown(CONTACT))[0]["events"] == told["events"]
        assert (await shown(WORK_ORDER))[0]["way"] == told["way"]
        nobody = await yingda_beside("workorder", "show", CONTACT.replace("2", "3"))
    assert nobody.code == 1
    assert "and none of a contact with that id" in nobody.err
    assert nobody.err.count("\n") == 1


async def test_only_what_came_about_then_and_later_is_read(client: Client) -> None:
    """Among many messages the place is found by the events' own times; where they lie, all are read."""
    monday = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    earlier = [(opened_workorder(f"o{n}"), monday + timedelta(seconds=n)) for n in range(9_000)]
    for start in range(0, len(earlier), 3_000):
        await publish(client, *earlier[start : start + 3_000])
    at = monday + timedelta(seconds=9_000)
    await publish(client, (registered_contact(CONTACT, source_id=SOURCE), at), (opened_workorder(WORK_ORDER), at))
    async with answering(client, services(at)):
        right, _ = await shown("XR7")
    async with answering(client, services(at + timedelta(days=1))):
        wrong, _ = await shown("XR7")
    assert len(right["events"]) == len(wrong["events"]) == 2
    assert "contact received" not in {one["what"] for one in right["way"]}, "another clock went here"


async def test_what_retention_has_deleted_is_said(client: Client) -> None:
    """R-OB-04: the way is told as far as the services keep it, and a sentence says what is missing."""
    now = datetime.now(UTC)
    await publish(client, (registered_contact(CONTACT, source_id=SOURCE), now), (opened_workorder(WORK_ORDER), now))
    await client.jetstream().purge_stream(EVENTS.name)
    async with answering(client, services(now)):
        told, outcome = await shown("XR7")
        table = await yingda_beside("workorder", "show", "XR7")
    assert told["events"] == []
    assert [one["what"] for one in told["way"]] == ["contact occurred", "contact registered"]
    (note,) = told["notes"]
    assert "messages are kept for 30 days" in note
    assert (outcome.err, table.err) == ("", f"yingda: {note}\n")
