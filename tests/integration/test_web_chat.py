"""R-IN-06: conversations on JetStream: two gateways at one, what a crash leaves in the middle, what ends by itself."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import nats
import pytest
import websockets
from nats.aio.client import Client
from websockets.asyncio.client import ClientConnection, connect

from services.intake.adapters.web_chat.chats import STREAM, Chats, config, key_of
from services.intake.adapters.web_chat.conversation import LONGEST_TEXT, Known, Said
from services.intake.adapters.web_chat.desk import Desk
from services.intake.plugins.web import WebChannel
from shared.adapters import Publisher
from shared.bus.streams import CONTACTS
from shared.events import Contact
from shared.testing.service_process import policy_with
from tests.chatter import ask
from tests.gateway import Gateway, published
from tests.polling import until

AT = "2026-11-23T10:15:00+08:00"
SESSION = "a-session-of-some-customer"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Dying:
    """A publisher that publishes, and a process that dies before it has noted that."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def publish(self, *arguments: Any, **named: Any) -> Any:
        await self._publisher.publish(*arguments, **named)
        raise ConnectionAbortedError


@pytest.fixture
async def client(own_nats: str) -> AsyncIterator[Client]:
    client = await nats.connect(own_nats)
    for stream in (CONTACTS.config(), config(1)):
        await client.jetstream().add_stream(stream)
    yield client
    await client.close()


@pytest.fixture
async def publisher(client: Client) -> AsyncIterator[Publisher]:
    async with Publisher(client, ["web"], patience_seconds=30) as publisher:
        yield publisher


def _desk(client: Client, publisher: Any, clock: Clock | None = None) -> Desk:
    return Desk(Chats(client), publisher, "web", "web/chat", clock or Clock())


def _said(number: int, text: str | None = None) -> Said:
    return Said(f"m{number}", AT, f"第 {number} 句" if text is None else text)


async def test_two_gateways_may_take_one_conversation_and_lose_no_word(client: Client, publisher: Publisher) -> None:
    desks = [_desk(client, publisher) for _ in range(2)]
    kept = await asyncio.gather(
        *(desk.keep(SESSION, _said(n), Known({"name": "王芳"})) for n in range(6) for desk in desks)
    )
    assert set(kept) == {"kept"}
    ended = await asyncio.gather(*(desk.end(SESSION) for desk in desks))
    assert set(ended) == {f"web/chat/{key_of(SESSION)}"}
    (found,) = await published(client)
    assert sorted(found["data"]["text"].split("\n")) == [f"第 {n} 句" for n in range(6)]
    assert found["data"]["customer"] == {"name": "王芳"}
    assert isinstance(WebChannel().read(found["data"]), Contact)


async def test_what_was_said_is_erased_when_it_is_a_contact_and_the_session_is_over(
    client: Client, publisher: Publisher
) -> None:
    desk = _desk(client, publisher)
    assert await desk.end(SESSION) is None
    assert await desk.kept(SESSION) == ()
    await desk.keep(SESSION, _said(1), Known())
    assert await desk.kept(SESSION) == ("m1",)
    await desk.end(SESSION)
    assert await desk.kept(SESSION) is None
    assert await desk.keep(SESSION, _said(2), Known()) == "ended"
    state = (await client.jetstream().stream_info(STREAM)).state
    left = await client.jetstream().get_msg(STREAM, state.last_seq)
    assert (state.messages, left.data) == (1, b"{}")
    assert SESSION not in str(left.subject)


async def test_who_dies_between_publishing_and_noting_it_is_followed_by_the_sweep(
    client: Client, publisher: Publisher
) -> None:
    """The contact is published again under the same id; what comes meanwhile is told that the conversation is over."""
    await _desk(client, publisher).keep(SESSION, _said(1), Known())
    with pytest.raises(ConnectionAbortedError):
        await _desk(client, Dying(publisher)).end(SESSION)
    desk = _desk(client, publisher)
    assert await desk.keep(SESSION, _said(2), Known()) == "ended"
    assert await desk.sweep(3_600) == 1
    assert await desk.sweep(3_600) == 0
    (found,) = await published(client)
    assert found["data"]["text"] == "第 1 句"


async def test_a_conversation_ends_when_nothing_is_said_for_a_while(client: Client, publisher: Publisher) -> None:
    clock = Clock()
    desk = _desk(client, publisher, clock)
    await desk.keep("the-session-that-falls-asleep", _said(1), Known())
    clock.now += 500
    await desk.keep(SESSION, _said(1), Known())
    clock.now += 100
    assert await desk.sweep(600) == 1
    assert await desk.kept("the-session-that-falls-asleep") is None
    assert await desk.kept(SESSION) == ("m1",)


async def test_a_conversation_that_cannot_be_read_keeps_no_other_from_ending(
    client: Client, publisher: Publisher
) -> None:
    """As one of a later version, after a step back: else the gateway would end and begin again for ever."""
    for number, odd in enumerate((b"{}", b"[]", b"{", b'{"messages": [], "mood": "good"}')):
        await client.jetstream().publish(f"yingda.chat.open.odd{number}", odd)
    clock = Clock()
    desk = _desk(client, publisher, clock)
    await desk.keep(SESSION, _said(1), Known())
    clock.now += 600
    assert await desk.sweep(600) == 1
    assert len(await published(client)) == 1
    assert (await client.jetstream().stream_info(STREAM)).state.messages == 5, "they stay for who can read them"


async def test_a_conversation_is_no_longer_than_a_contact_may_be(client: Client, publisher: Publisher) -> None:
    desk = _desk(client, publisher)
    assert await desk.keep(SESSION, _said(1, "长" * (LONGEST_TEXT - 1)), Known()) == "kept"
    assert await desk.keep(SESSION, _said(2, "长"), Known()) == "full"
    assert await desk.keep(SESSION, _said(1, "长" * (LONGEST_TEXT - 1)), Known()) == "kept"
    await desk.end(SESSION)
    (found,) = await published(client)
    assert isinstance(WebChannel().read(found["data"]), Contact)


async def _refused(socket: ClientConnection, frame: Any) -> str:
    text = json.dumps(frame) if not isinstance(frame, str | bytes) else frame
    await socket.send(text)
    answer: dict[str, Any] = json.loads(await socket.recv())
    assert answer["type"] == "refused", answer
    return str(answer["reason"])


async def test_a_browser_chats_over_the_socket(client: Client, own_nats: str, tmp_path: Path) -> None:
    """What is not of the protocol is refused and ends nothing; the limits hold."""
    gateway = Gateway(own_nats, tmp_path)
    chat = {"per_minute": 3, "origins": ["https://shop.example.com"], "connections_per_sender": 2}
    policy_with(gateway.policy, endpoints={"web_chat": chat})
    async with gateway.run():
        url = gateway.url.replace("http", "ws") + "/web_chat"
        with pytest.raises(websockets.InvalidStatus):
            await connect(url, origin=websockets.Origin("https://evil.example"), proxy=None)
        async with connect(url, proxy=None) as socket, connect(url, proxy=None) as other:
            with pytest.raises(websockets.InvalidStatus):
                await connect(url, proxy=None)
            for odd in ("nonsense", b"bytes", {"type": "message", "id": "m1", "text": "x"}, {"type": "hello", "x": 1}):
                assert await _refused(socket, odd) == "unreadable"
            welcome = await ask(socket, {"type": "hello", "customer": {"name": "王芳", "tier": "vip"}})
            assert (welcome["type"], welcome["kept"]) == ("welcome", [])
            assert await _refused(socket, {"type": "end"}) == "empty"
            for number in (1, 1, 2):
                frame = {"type": "message", "id": f"m{number}", "text": f"第 {number} 句"}
                assert await ask(socket, frame) == {"type": "kept", "id": f"m{number}"}
            assert await _refused(socket, {"type": "message", "id": "m3", "text": "x"}) == "too-many"
            assert (await ask(other, {"type": "hello", "session": welcome["session"]}))["kept"] == ["m1", "m2"]
            assert (await ask(socket, {"type": "end"}))["type"] == "ended"
            assert await _refused(other, {"type": "message", "id": "m3", "text": "还有"}) == "ended"
    (found,) = await published(client)
    assert found["data"]["text"] == "第 1 句\n第 2 句"
    assert found["data"]["customer"] == {"name": "王芳"}, "who is a VIP the house says (R-IN-11)"
    assert found["data"]["details"] == {"tier": "vip"}


async def test_those_who_chat_leave_room_for_those_who_send(client: Client, own_nats: str, tmp_path: Path) -> None:
    """A conversation holds its connection for as long as it lasts; WeChat must be answered within five seconds."""
    gateway = Gateway(own_nats, tmp_path)
    limits = {"web_form": {}, "web_chat": {"connections": 2}}
    policy_with(gateway.policy, endpoints=limits, adapters={"gateway": {"connections": 4}})
    async with gateway.run(), httpx.AsyncClient(base_url=gateway.url, trust_env=False, timeout=30) as http:
        url = gateway.url.replace("http", "ws") + "/web_chat"
        async with connect(url, proxy=None), connect(url, proxy=None):
            with pytest.raises(websockets.InvalidStatus) as refused:
                await connect(url, proxy=None)
            assert refused.value.response.status_code == httpx.codes.FORBIDDEN
            assert (await http.post("/web_form", json={"text": "还有位置"})).status_code == httpx.codes.ACCEPTED
        assert len(await published(client)) == 1


async def test_who_says_nothing_more_is_heard_all_the_same(client: Client, own_nats: str, tmp_path: Path) -> None:
    gateway = Gateway(own_nats, tmp_path)
    policy_with(gateway.policy, endpoints={"web_chat": {"idle_seconds": 1}})
    async with gateway.run():
        async with connect(gateway.url.replace("http", "ws") + "/web_chat", proxy=None) as socket:
            await ask(socket, {"type": "hello"})
            await ask(socket, {"type": "message", "id": "m1", "text": "有人吗"})

        async def heard() -> bool:
            return len(await published(client)) == 1

        await until(heard, 30)
    assert [one["data"]["text"] for one in await published(client)] == ["有人吗"]
