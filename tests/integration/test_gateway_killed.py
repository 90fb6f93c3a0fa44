"""`kill -9` of the real gateway under load, for every kind of sender: what was answered 2xx is kept, once (R-IN-06)."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import nats
import pytest
import pytest_asyncio

from services.intake.plugins.app import AppChannel
from services.intake.plugins.phone import PhoneChannel
from services.intake.plugins.sms import SmsChannel
from services.intake.plugins.web import WebChannel
from services.intake.plugins.wechat import WechatChannel
from services.intake.plugins.wecom import WecomChannel
from services.intake.plugins.weibo import WeiboChannel
from services.intake.ports import Channel
from shared.bus.streams import CONTACTS
from shared.events import Contact
from tests.chats import CHAT_SOURCES
from tests.chatter import Chatter
from tests.gateway import POSTS, Gateway, Post, published, send
from tests.polling import until

pytestmark = pytest.mark.timeout(300)  # the load is made once, and belongs to the first test
PATIENCE = 240
SENDERS = 3
EACH = 12
CHATS = 6
SAYS = [f"第 {n} 句" for n in range(12)]
READERS: Mapping[str, Channel] = {
    "web_form": WebChannel(),
    "webhook": AppChannel(),
    "sms": SmsChannel(),
    "aliyun": SmsChannel(),
    "tencent": SmsChannel(),
    "phone_records": PhoneChannel(),
    "wechat": WechatChannel(),
    "wecom": WecomChannel(),
    "weibo": WeiboChannel(),
}
SOURCES = {
    "web_form": "web/form",
    "webhook": "webhook/erp",
    "sms": "sms/http",
    "aliyun": "sms/aliyun",
    "tencent": "sms/tencent",
    "phone_records": "phone/records",
    **CHAT_SOURCES,
}


class Sender:
    """Posts one thing after the other, each until it is answered 2xx, as vendors do; now and then one again."""

    def __init__(self, gateway: Gateway, make: Callable[[int], Post], numbers: range) -> None:
        self._gateway = gateway
        self._make = make
        self._numbers = numbers
        self.taken: set[int] = set()

    async def run(self) -> None:
        async with httpx.AsyncClient(base_url=self._gateway.url, trust_env=False, timeout=20) as http:
            for number in self._numbers:
                await until(partial(self._once, http, number), PATIENCE, every=0.02)
                self.taken.add(number)
                if number % 5 == 0:
                    await until(partial(self._once, http, number), PATIENCE, every=0.02)

    async def _once(self, http: httpx.AsyncClient, number: int) -> bool:
        try:
            answer = await send(http, self._make(number))
        except httpx.TransportError:
            return False
        assert answer.is_success or answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
        return answer.is_success


@dataclass(frozen=True, slots=True)
class Survived:
    """What came of the load: the contacts on the stream, the customers who chatted, and how many repetitions were taken."""

    contacts: Sequence[Mapping[str, Any]]
    chatters: Sequence[Chatter]
    repeated: Mapping[str, int]

    def of(self, source: str) -> list[Mapping[str, Any]]:
        return [one for one in self.contacts if one["source"] == source]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def survived(fresh_nats: str) -> AsyncIterator[Survived]:
    """Let senders of every kind work on one gateway that is killed twice; all of them repeat everything at the end."""
    client = await nats.connect(fresh_nats)
    # What is sent again is known for as long as this takes, also on a machine that does much else.
    await client.jetstream().add_stream(replace(CONTACTS.config(), duplicate_window=3_600.0))
    with tempfile.TemporaryDirectory(prefix="yingda-gateway-") as name:
        gateway = Gateway(fresh_nats, Path(name))
        posting = [
            Sender(gateway, make, range(n * EACH, (n + 1) * EACH)) for make in POSTS.values() for n in range(SENDERS)
        ]
        chatters = [
            Chatter(gateway.url, f"session-of-a-customer-{n:02}", SAYS, customer={"phone": f"133{n:08}"})
            for n in range(CHATS)
        ]
        repeated = await _work(gateway, posting, chatters)
    yield Survived(await published(client), chatters, repeated)
    await client.close()


async def _work(gateway: Gateway, posting: Sequence[Sender], chatters: Sequence[Chatter]) -> Mapping[str, int]:
    def done() -> int:
        return sum(len(one.taken) for one in posting) + sum(len(one.kept) for one in chatters)

    everything = len(posting) * EACH + len(chatters) * len(SAYS)
    load = asyncio.gather(*[one.run() for one in posting], *[one.run(PATIENCE) for one in chatters])
    try:
        for part in (4, 2):
            async with gateway.run() as process:
                await until(lambda part=part: done() >= everything // part, PATIENCE, every=0.01)  # type: ignore[misc]
                process.kill()
                await process.wait()
        async with gateway.run():
            await load
            await asyncio.gather(*(chatter.run(PATIENCE) for chatter in chatters))
            return {kind: await _repeat(gateway, make) for kind, make in POSTS.items()}
    finally:
        load.cancel()


async def _repeat(gateway: Gateway, make: Callable[[int], Post]) -> int:
    """Post everything of one kind once more; return how many were answered 2xx."""
    again = [Sender(gateway, make, range(n * EACH, (n + 1) * EACH)) for n in range(SENDERS)]
    await asyncio.gather(*(one.run() for one in again))
    return sum(len(one.taken) for one in again)


@pytest.mark.parametrize("kind", POSTS)
async def test_what_was_answered_is_kept_and_what_was_sent_again_is_there_once(kind: str, survived: Survived) -> None:
    found = survived.of(SOURCES[kind])
    contacts_each = 2 if kind == "webhook" else 1
    assert survived.repeated[kind] == SENDERS * EACH
    assert len({one["id"] for one in found}) == len(found) == SENDERS * EACH * contacts_each
    assert all(isinstance(READERS[kind].read(one["data"]), Contact) for one in found)


async def test_each_conversation_is_one_contact_with_every_word_that_was_acknowledged(survived: Survived) -> None:
    found = survived.of("web/chat")
    assert len({one["id"] for one in found}) == len(found) == CHATS
    assert [one["data"]["text"].split("\n") for one in found] == [SAYS] * CHATS
    assert {one["data"]["customer"]["phone"] for one in found} == {f"133{n:08}" for n in range(CHATS)}
    assert all(chatter.kept == {f"m{n}" for n in range(len(SAYS))} for chatter in survived.chatters)
    assert sum(chatter.connections for chatter in survived.chatters) > CHATS, "no connection was lost"
