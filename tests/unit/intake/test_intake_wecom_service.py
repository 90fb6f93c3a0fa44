"""Messages to WeCom's customer service: announced, fetched from a cursor, published once (R-IN-01, R-IN-06)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from services.intake.adapters.wecom import endpoint as wecom
from services.intake.adapters.wecom.cursors import Cursors
from services.intake.adapters.wecom.service import CustomerService as Fetching
from services.intake.adapters.wecom.vendor import Page, Vendor
from shared.testing.contracts.bus import Bus
from tests.polling import until
from tests.unit.intake.chat_desk import (
    Desk,
    desk,
    not_taken,
    push,
    sealed,
)
from tests.vendor_server import Reply, VendorServer, vendor_server
from tests.wecom_service import CustomerService

ANNOUNCED = push("event", Event="kf_msg_or_event", Token="event-token", OpenKfId="wk1")


def with_customer_service(vendor: VendorServer, every: float = 86_400) -> dict[str, Any]:
    fetching = {"secret": "kf_secret", "api": vendor.url, "trusted_hosts": ["127.0.0.1"], "every_seconds": every}
    account = {"corp_id": "ww1", "token": "token", "aes_keys": ["key"], "customer_service": fetching}
    return {"accounts": {"shop": account}}


@asynccontextmanager
async def customer_service(
    service: CustomerService, folder: Path, away: Callable[[], bool] = lambda: False
) -> AsyncIterator[Desk]:
    async with (
        vendor_server(service.answer) as vendor,
        desk(wecom.plugin, with_customer_service(vendor), away, folder) as one,
    ):
        yield one


async def announce(one: Desk) -> tuple[int, str]:
    return await one.post(*sealed(ANNOUNCED, receiver="ww1"))


async def test_announced_messages_are_fetched_page_by_page_and_only_once(tmp_path: Path) -> None:
    service = CustomerService()
    service.came("一", "二", "三", "四", "五")
    async with customer_service(service, tmp_path) as one:
        assert await announce(one) == (200, "")
        assert [single.id for single in one.bus.told] == ["m0", "m1", "m2", "m3", "m4"]
        assert one.bus.told[0].key == "wecom/shop/m0"
        service.came("六")
        assert await announce(one) == (200, "")
        assert len(one.bus.told) == 6
        assert service.event_tokens == {"event-token"}
        assert service.cursors == ["", "c2", "c4", "c5"]


async def test_after_a_restart_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """What was announced while nobody listened is fetched at the start."""
    service = CustomerService()
    service.came("一", "二")
    async with vendor_server(service.answer) as vendor:
        config = with_customer_service(vendor)
        async with desk(wecom.plugin, config, folder=tmp_path) as one:
            await announce(one)
        service.came("三")
        async with desk(wecom.plugin, config, folder=tmp_path) as one:
            await until(lambda: _here(one.bus), 20, every=0.01)
            assert one.bus.keys == {"wecom/shop/m2"}


async def _here(bus: Bus) -> bool:
    return bool(bus.told)


async def test_what_could_not_be_published_is_fetched_again(tmp_path: Path) -> None:
    """The cursor moves on only when all before it is on the bus: nothing is lost, a repetition has the same id."""
    service, gone = CustomerService(), [True]
    service.came("一", "二", "三")
    async with customer_service(service, tmp_path, lambda: gone[0]) as one:
        assert await announce(one) == (503, "bus-away")
        gone[0] = False
        assert await announce(one) == (200, "")
        assert one.bus.keys == {"wecom/shop/m0", "wecom/shop/m1", "wecom/shop/m2"}


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(500),
        Reply(trouble="cut"),
        Reply(200, b"?"),
        Reply(value={"errcode": 45009}),
        Reply(value={"errcode": 0, "msg_list": 7}),
    ],
    ids=str,
)
async def test_a_vendor_in_trouble_is_asked_again_when_it_announces_again(trouble: Reply, tmp_path: Path) -> None:
    service = CustomerService(troubles=[trouble])
    service.came("一")
    async with customer_service(service, tmp_path) as one:
        assert (await announce(one))[0] == 503
        assert await announce(one) == (200, "")
        assert one.bus.keys == {"wecom/shop/m0"}


async def test_a_token_that_has_run_out_is_fetched_again(tmp_path: Path) -> None:
    service = CustomerService()
    service.came("一")
    async with customer_service(service, tmp_path) as one:
        await announce(one)
        service.good = "token-2"
        service.came("二")
        assert await announce(one) == (200, "")
        assert len(one.bus.told) == 2


async def test_what_no_customer_sent_is_counted(tmp_path: Path) -> None:
    service = CustomerService(page=10)
    service.came("答复", origin=5)
    service.came("进入会话", origin=4, msgtype="event")
    service.came("在吗")
    before = not_taken("wecom")
    async with customer_service(service, tmp_path) as one:
        await announce(one)
        assert one.bus.keys == {"wecom/shop/m2"}
    assert not_taken("wecom") == before + 2


async def test_many_announcements_at_once_are_one_fetch_after_the_other(tmp_path: Path) -> None:
    service = CustomerService(page=1)
    service.came(*"一二三四五")
    async with customer_service(service, tmp_path) as one:
        answers = await asyncio.gather(*(announce(one) for _ in range(10)))
        assert answers == [(200, "")] * 10
        assert [single.id for single in one.bus.told] == ["m0", "m1", "m2", "m3", "m4"]


async def test_the_token_of_an_announcement_is_not_forgotten_for_a_turn_without_one(tmp_path: Path) -> None:
    """Without it the vendor answers seldom: whoever looks by the clock meanwhile must not take it away."""
    asked: list[str] = []
    going, more = asyncio.Event(), asyncio.Event()

    class Slow(Vendor):
        def __init__(self) -> None:
            super().__init__("http://vendor.example", "ww1", str)

        async def messages(self, open_kfid: str, cursor: str, event_token: str) -> Page:
            assert open_kfid == "wk1"
            asked.append(event_token)
            going.set()
            await more.wait()
            return Page([], cursor, more=False)

    service = Fetching(Slow(), Cursors(tmp_path), "wecom", "wecom/shop")
    work = Bus(frozenset({"wecom"})).work("wecom", asyncio.Event())
    first = asyncio.create_task(service.announced(work, "wk1", "first"))
    await going.wait()
    others = [asyncio.create_task(service.announced(work, "wk1", token)) for token in ("second", "")]
    await asyncio.sleep(0)  # each has said what it wants
    more.set()
    await asyncio.gather(first, *others)
    await service.close()
    assert asked == ["first", "second"]


async def test_without_customer_service_its_announcements_are_counted() -> None:
    config = {"accounts": {"shop": {"corp_id": "ww1", "token": "token", "aes_keys": ["key"]}}}
    async with desk(wecom.plugin, config) as one:
        assert await announce(one) == (200, "")
        assert await one.post(*sealed(push(Content="在吗", MsgId="1"), receiver="ww1")) == (200, "")
        assert one.bus.keys == {"wecom/shop/1"}
