"""What providers push in bulk: what cannot be read keeps nothing else away, and is itself not lost (R-IN-06, R-NT-05)."""

import asyncio
import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from starlette.applications import Starlette

from services.intake.adapters.sms import endpoint as sms
from services.intake.adapters.sms_receipts import endpoint as sms_receipts
from services.intake.adapters.sms_receipts.records import Records
from services.intake.adapters.sms_receipts.reports import Receipt
from services.intake.plugins.sms import SmsChannel
from services.intake.ports import Unreadable
from shared.adapters import HttpProblem
from shared.bus.ask import RefusedError
from shared.events import Command
from shared.events.commands import RecordReceipt
from shared.testing.contracts.bus import Bus
from tests.unit.intake.chat_desk import TOKEN, Desk, built, desk

NOW = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)
GOOD = {"phone_number": "13800138000", "content": "要求退货", "send_time": "2026-11-23 10:15:00", "sequence_id": 7}
ODD = {"phone_number": "13800138001", "content": None, "send_time": "2026-11-23 10:15:00"}
REPLY = {"mobile": "13800138000", "nationcode": "86", "text": "要求退货", "time": 1_795_400_000}


async def pushed(vendor: Desk, path: str, body: Any) -> int:
    try:
        return (await vendor.client.post(f"/{path}/{TOKEN}", json=body)).status_code
    except HttpProblem as problem:
        return problem.status


async def test_a_message_that_cannot_be_read_comes_to_intake_with_the_others_and_once() -> None:
    """Its reason is told there, and it can be taken up again from the dead letters; the vendor would only give up."""
    async with desk(sms.plugin, {"aliyun_token": "token"}) as vendor:
        for _ in range(2):
            assert await pushed(vendor, "aliyun", [ODD, GOOD, ODD | {"content": 5}]) == 200
        assert len(vendor.bus.keys) == 3
        readings = [SmsChannel().read(one.data) for one in vendor.bus.told[:3]]
        assert [isinstance(reading, Unreadable) for reading in readings] == [True, False, False]


async def test_a_reply_in_a_form_that_is_new_is_kept_as_it_is() -> None:
    async with desk(sms.plugin, {"tencent_token": "token"}) as vendor:
        assert await pushed(vendor, "tencent", REPLY) == 200
        assert await pushed(vendor, "tencent", REPLY | {"time": "2026-11-23 10:15:00"}) == 200
        assert [one.data["message"]["text"] for one in vendor.bus.told] == ["要求退货"] * 2
        assert isinstance(SmsChannel().read(vendor.bus.told[1].data), Unreadable)


async def test_what_is_no_message_at_all_is_refused_after_the_others_are_kept() -> None:
    async with desk(sms.plugin, {"aliyun_token": "token", "tencent_token": "token"}) as vendor:
        for path, body in [("aliyun", [1]), ("aliyun", {}), ("aliyun", []), ("tencent", [REPLY]), ("tencent", "x")]:
            assert await pushed(vendor, path, body) == 422
        assert not vendor.bus.told
        assert await pushed(vendor, "aliyun", ["x", GOOD]) == 422
        assert [one.data["message"]["content"] for one in vendor.bus.told] == ["要求退货"]


RECEIPT = Receipt("tencent_sms", "delivered", None, NOW - timedelta(hours=1), provider_id="5000:1")


@pytest.mark.parametrize("status", [500, 503])
async def test_a_receipt_that_notify_could_not_write_down_comes_again(status: int) -> None:
    """R-NT-05: notify answers so while its database is away, and says that nothing has changed."""

    async def ask(command: Command) -> Any:
        raise RefusedError(command.SUBJECT, status, "The service cannot reach its database")

    with pytest.raises(HttpProblem) as refused:
        await Records(ask, lambda: NOW).record([RECEIPT])
    assert refused.value.status == 503


async def test_a_receipt_that_notify_will_never_take_is_not_asked_for_again() -> None:
    asked: list[Command] = []

    async def ask(command: Command) -> Any:
        asked.append(command)
        raise RefusedError(command.SUBJECT, 404, "There is no such notification")

    await Records(ask, lambda: NOW).record([RECEIPT])
    assert [type(one) for one in asked] == [RecordReceipt]


class Notify:
    """Takes every receipt, as notify does over NATS."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    async def request(self, subject: str, body: bytes, timeout: float) -> Msg:  # noqa: ASYNC109 (as nats-py's)
        assert timeout > 0
        self.told.append(json.loads(body))
        return Msg(cast("Client", None), subject, data=b'{"ok": true, "result": {}}')


@pytest.mark.parametrize(
    ("vendor", "good", "odd"),
    [
        ("aliyun", {"success": True, "biz_id": "9006^0"}, {"success": "perhaps", "biz_id": "9006^1"}),
        ("tencent", {"report_status": "SUCCESS", "sid": "5000:1"}, {"report_status": "LATER", "sid": "5000:2"}),
    ],
)
async def test_a_report_that_cannot_be_read_does_not_keep_the_others_from_notify(
    vendor: str, good: dict[str, Any], odd: dict[str, Any]
) -> None:
    notify = Notify()
    endpoint = built(sms_receipts.plugin, {"aliyun_token": "token", "tencent_token": "token"})
    work = dataclasses.replace(Bus(frozenset()).work("sms_receipts", asyncio.Event()), client=cast("Client", notify))
    transport = httpx.ASGITransport(app=Starlette(routes=list(endpoint.routes(work))))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        with pytest.raises(HttpProblem) as refused:
            await client.post(f"/{vendor}/{TOKEN}", json=[odd, good, "x"])
    assert refused.value.status == 422
    assert [one["provider_id"] for one in notify.told] == [good.get("biz_id") or good.get("sid")]
