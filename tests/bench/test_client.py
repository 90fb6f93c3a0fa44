"""The client that measures: what it sends is acknowledged one by one, at the moments planned, and heard from the stream."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from pydantic_core import from_json

from shared.bench.atomic import NotPublishedError, Outgoing
from shared.bench.contacts import Customers
from shared.bench.listening import UnansweredError, listening, source_of
from shared.bench.openings import openings
from shared.bench.pace import paced
from shared.bench.singly import singly
from shared.bus.streams import CONTACTS, EVENTS
from shared.testing.clock import MONDAY
from shared.testing.embedded import EmbeddedNats


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    """Yield a client of a server with both streams."""
    async with EmbeddedNats(tmp_path) as server:
        connected = await nats.connect(server.url)
        for stream in (CONTACTS, EVENTS):
            await connected.jetstream().add_stream(name=stream.name, subjects=list(stream.subjects))
        yield connected
        await connected.close()


def url_of(client: Client) -> str:
    assert client.connected_url is not None
    return client.connected_url.geturl()


async def count(client: Client) -> int:
    return (await client.jetstream().stream_info(CONTACTS.name)).state.messages


async def test_every_contact_comes_alone_and_is_acknowledged_on_the_stream(client: Client) -> None:
    contacts = Customers().contacts(50, MONDAY)
    async with singly(url_of(client), CONTACTS.name) as publisher:
        for contact in contacts:
            publisher.send(publisher.prepared(contact))
        await publisher.acknowledged(10)
        assert await count(client) == 50
        publisher.send(publisher.prepared(contacts[0]))  # known by its id
        await publisher.acknowledged(10)
    assert await count(client) == 50
    message = await client.jetstream().get_msg(CONTACTS.name, 7)
    assert message.data == contacts[6].body
    assert (message.headers or {})["Nats-Msg-Id"] == contacts[6].message_id


@pytest.mark.parametrize(
    ("message", "stream", "words"),
    [
        (Outgoing("yingda.contact.received.web", b"{}"), "OTHER", "expected stream does not match"),
        (Outgoing("nobody.listens", b"{}"), "CONTACTS", "503"),
        (Outgoing("a subject of five words", b"{}"), "CONTACTS", "the connection to NATS is gone"),
    ],
)
async def test_what_is_not_taken_is_told(client: Client, message: Outgoing, stream: str, words: str) -> None:
    async with singly(url_of(client), stream) as publisher:
        publisher.send(publisher.prepared(message))
        with pytest.raises(NotPublishedError, match=words):
            await publisher.acknowledged(10)


async def test_what_is_never_acknowledged_is_told(client: Client) -> None:
    heard = await client.subscribe("silence")
    await client.publish("silence", b"")  # nats-py writes its PING before what waits to be sent: a flush proves nothing
    await heard.next_msg(timeout=10)
    async with singly(url_of(client), CONTACTS.name) as publisher:
        publisher.send(publisher.prepared(Outgoing("silence", b"{}")))
        with pytest.raises(NotPublishedError, match="1 messages are not acknowledged"):
            await publisher.acknowledged(0.1)


async def test_nothing_is_sent_before_its_moment_and_everything_in_order() -> None:
    sent: list[tuple[bytes, float]] = []
    lines = [str(number).encode() for number in range(40)]
    planned, at = await paced(lambda line: sent.append((line, time.monotonic())), lines, 400)
    assert [line for line, _ in sent] == lines
    assert [round(moment - planned[0], 6) for moment in planned] == [round(number / 400, 6) for number in range(40)]
    assert all(wanted <= moment <= really for wanted, moment, (_, really) in zip(planned, at, sent, strict=True))


async def test_what_fails_while_sending_is_raised() -> None:
    def fail(_: bytes) -> None:
        raise NotPublishedError("gone")

    with pytest.raises(NotPublishedError, match="gone"):
        await paced(fail, [b"one"], 100)


async def test_an_opening_is_heard_with_the_moment_and_by_its_contact(client: Client) -> None:
    async with listening(client) as heard:
        before = time.monotonic()
        for message in openings(5, MONDAY, "v1"):
            await client.jetstream().publish(message.subject, message.body)
        await heard.until([f"web/bench/{number}" for number in range(5)])
        assert all(before < moment <= time.monotonic() for moment in heard.heard.values())
        await heard.until(["web/bench/3"])  # at once


async def test_who_waits_for_what_never_comes_is_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.bench.listening.ANSWER_SECONDS", 0.1)
    async with listening(client) as heard:
        with pytest.raises(UnansweredError, match="2 contacts have no work order"):
            await heard.until(["a", "b"])


def test_the_source_id_is_read_as_a_reader_of_json_would() -> None:
    for message in openings(8, MONDAY, "v1"):
        assert source_of(message.body) == from_json(message.body)["data"]["source_id"]
    assert source_of(rb'{"data":{"x":"\"source_id\":\"no\"","source_id":"web\/a\"b"}}') == 'web/a"b'
