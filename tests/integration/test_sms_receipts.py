"""The endpoint `sms_receipts` before notify on real NATS and PostgreSQL (R-NT-04, R-NT-05, R-NT-07)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from services.intake.adapters.sms_receipts.endpoint import plugin
from services.intake.adapters.sms_receipts.reports import CHINA
from services.notify.ports import Outcome, Sent, Unknown
from services.notify.store import suppressions
from shared.adapters import HttpProblem, Report, Work
from shared.adapters.configured import GATEWAY, adapter_names, channels_of, subjects_of
from shared.adapters.setup import AdapterSetup
from shared.bus.settle import settle
from shared.events import NotificationDelivered, NotificationFailed
from shared.events.commands import RecordReceipt
from shared.outbound import signed
from shared.plugins import PluginError, build, config_of
from shared.policy import Policy, load_policy
from shared.settings import Settings
from tests.unit.notify.events import opening, registered
from tests.unit.notify.house import House, Provider, notify_house

SECRET = "a-secret-of-the-house"
TOKENS = {"aliyun_token": "sms_token", "tencent_token": "sms_token", "keys": ["sms_token"]}


@pytest.fixture
async def house(database_url: str, fresh_nats: str, tmp_path: Path) -> AsyncIterator[House]:
    async with notify_house(database_url, fresh_nats, tmp_path) as ready:
        yield ready


def policy_with(house: House, transport: str) -> Policy:
    plain: Any = deepcopy(house.bench.policy.plain)
    plain["notify"]["transports"]["customer"]["sms"] = [transport]
    return Policy.model_validate(plain)


@dataclass
class Reporter:
    """A vendor that reports; notify answers on NATS unless it is away."""

    http: httpx.AsyncClient
    provider: Provider

    async def post(self, path: str, reports: Any, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.http.post(path, content=json.dumps(reports).encode(), headers=headers)


@asynccontextmanager
async def reporting(
    house: House, nats_url: str, transport: str, *outcomes: Outcome, away: bool = False
) -> AsyncIterator[Reporter]:
    """Yield a reporter, after one notice has been sent by the transport with one of `outcomes`."""
    provider = Provider(transport, answers=list(outcomes))
    replica = await house.replica(provider, policy=policy_with(house, transport))
    await replica.bench.happens(registered(), opening())
    await replica.work()
    client = await nats.connect(nats_url)

    async def answer(message: Msg) -> None:
        await message.respond(json.dumps(await replica.say("receipt", **_plain(message))).encode())

    try:
        if not away:
            await client.subscribe(RecordReceipt.SUBJECT, cb=answer)
            await settle(client)
        transport_to = httpx.ASGITransport(app=app(client))
        async with httpx.AsyncClient(transport=transport_to, base_url="http://gateway") as http:
            yield Reporter(http, provider)
    finally:
        await client.close()
        await replica.sender.stop()


def _plain(message: Msg) -> dict[str, Any]:
    return {key: value for key, value in json.loads(message.data).items() if value is not None}


def app(client: Client) -> Starlette:
    """Return the endpoint as the gateway serves it."""
    config = config_of(plugin, TOKENS)
    setup = AdapterSetup(
        config=config,
        settings=Settings(),
        data=Path(),
        now=lambda: datetime.now(UTC),
        secrets=lambda _name: SecretStr(SECRET),
        policy=load_policy(),
    )
    endpoint = build(plugin, setup)
    nobody: Any = None
    work = Work(nobody, Report("sms_receipts"), asyncio.Event(), lambda: datetime.now(UTC), nobody, client)

    async def problem(_request: Request, error: Exception) -> Response:
        refused = cast("HttpProblem", error)
        return Response(refused.body(), refused.status, refused.headers)

    return Starlette(routes=list(endpoint.routes(work)), exception_handlers={HttpProblem: problem})


def aliyun(out_id: str | None, *, success: bool = True, code: str = "DELIVERED", **more: Any) -> dict[str, Any]:
    """Return a report as the page of SmsReport shows it."""
    at = f"{datetime.now(CHINA):%Y-%m-%d %H:%M:%S}"
    return {
        "phone_number": "13800138000",
        "send_time": at,
        "report_time": at,
        "success": success,
        "err_code": code,
        "err_msg": "用户接收成功",
        "sms_size": "1",
        "biz_id": "9006^0",
        "out_id": out_id,
    } | more


def tencent(sid: str, status: str = "SUCCESS", code: str = "DELIVRD", **more: Any) -> dict[str, Any]:
    """Return a report as the vendor's page shows it."""
    return {
        "user_receive_time": f"{datetime.now(CHINA):%Y-%m-%d %H:%M:%S}",
        "nationcode": "86",
        "mobile": "13800138000",
        "report_status": status,
        "errmsg": code,
        "description": "用户短信送达成功",
        "sid": sid,
    } | more


async def test_aliyuns_report_completes_the_story(house: House, fresh_nats: str) -> None:
    """R-NT-05: by its own name for the message, and once however often it is repeated."""
    async with reporting(house, fresh_nats, "aliyun_sms", Sent("9006^0")) as vendor:
        (out,) = vendor.provider.taken
        for _ in range(3):
            answer = await vendor.post(f"/aliyun/{SECRET}", [aliyun(out.message.notification_id)])
            assert (answer.status_code, answer.json()["code"]) == (200, 0)
        (event,) = await house.bench.told(NotificationDelivered)
        assert event.transport == "aliyun_sms"


async def test_a_report_answers_what_was_unknown(house: House, fresh_nats: str) -> None:
    """R-NT-04: the vendor's name is not known, since its answer never came; ours came back in the report."""
    async with reporting(house, fresh_nats, "aliyun_sms", Unknown("no answer")) as vendor:
        assert set((await house.states()).values()) == {"unknown"}
        (out,) = vendor.provider.taken
        answer = await vendor.post(f"/aliyun/{SECRET}", [aliyun(out.message.notification_id)])
        assert answer.status_code == 200
        assert set((await house.states()).values()) == {"sent"}
        assert len(await house.bench.told(NotificationDelivered)) == 1


async def test_tencents_report_of_a_dead_number_ends_the_address(house: House, fresh_nats: str) -> None:
    """R-NT-07."""
    async with reporting(house, fresh_nats, "tencent_sms", Sent("5000:1")) as vendor:
        answer = await vendor.post(f"/tencent/{SECRET}", [tencent("5000:1", "FAIL", "MI:0210")])
        assert answer.json() == {"result": 0, "errmsg": "OK"}
        (event,) = await house.bench.told(NotificationFailed)
        assert event.reason == "reported as MI:0210"
    (row,) = await house.bench.rows(suppressions)
    assert row.reason == "bounced"


async def test_another_failure_leaves_the_address_and_tells_no_words(house: House, fresh_nats: str) -> None:
    """R-NT-05: what a vendor wrote beside its code may be personal."""
    async with reporting(house, fresh_nats, "aliyun_sms", Sent("9006^0")) as vendor:
        (out,) = vendor.provider.taken
        told = aliyun(out.message.notification_id, success=False, code="王女士 13800138000")
        assert (await vendor.post(f"/aliyun/{SECRET}", [told])).status_code == 200
        (event,) = await house.bench.told(NotificationFailed)
        assert event.reason == "reported as failed"
    assert await house.bench.count(suppressions) == 0


async def test_reports_in_our_own_form_are_signed(house: House, fresh_nats: str) -> None:
    async with reporting(house, fresh_nats, "http_sms", Sent("m-1")) as vendor:
        report = [{"transport": "http_sms", "provider_id": "m-1", "state": "delivered"}]
        assert (await vendor.post("/", report)).status_code == 401
        body = json.dumps(report).encode()
        headers = signed(body, SECRET.encode())
        assert (await vendor.post("/", report, headers)).json() == {"recorded": 1}
        forged = await vendor.post("/", [report[0] | {"state": "bounced"}], headers)
        assert forged.status_code == 401
        assert len(await house.bench.told(NotificationDelivered)) == 1


async def test_a_report_that_comes_too_early_is_asked_for_again(house: House, fresh_nats: str) -> None:
    """R-NT-05: a fresh one on an unknown message is sent again by the vendor; an old one is nobody's."""
    old = f"{datetime.now(CHINA) - timedelta(hours=1):%Y-%m-%d %H:%M:%S}"
    async with reporting(house, fresh_nats, "tencent_sms", Sent("5000:1")) as vendor:
        early = await vendor.post(f"/tencent/{SECRET}", [tencent("5000:1"), tencent("5000:2")])
        assert (early.status_code, early.headers["retry-after"]) == (503, "60")
        late = await vendor.post(f"/tencent/{SECRET}", [tencent("5000:2", user_receive_time=old)])
        assert late.status_code == 200
        assert (await vendor.post(f"/tencent/{SECRET}", [tencent("9:9", user_receive_time="soon")])).status_code == 200
        assert len(await house.bench.told(NotificationDelivered)) == 1


async def test_while_notify_is_away_reports_come_again(house: House, fresh_nats: str) -> None:
    async with reporting(house, fresh_nats, "tencent_sms", Sent("5000:1"), away=True) as vendor:
        assert (await vendor.post(f"/tencent/{SECRET}", [tencent("5000:1")])).status_code == 503


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/aliyun/another", [aliyun("n")], 404),
        ("/tencent/another", [tencent("n")], 404),
        (f"/aliyun/{SECRET}", [], 422),
        (f"/aliyun/{SECRET}", {}, 422),
        (f"/aliyun/{SECRET}", [1], 422),
        (f"/aliyun/{SECRET}", [{"success": True}], 422),
        (f"/tencent/{SECRET}", [tencent("n", "PERHAPS")], 422),
        (f"/tencent/{SECRET}", [tencent("n")] * 501, 422),
        ("/nobody/x", [], 404),
    ],
)
async def test_what_makes_no_sense_is_refused(path: str, body: Any, status: int) -> None:
    nobody: Any = None
    transport = httpx.ASGITransport(app=app(nobody))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as http:
        answer = await http.post(path, content=json.dumps(body).encode())
        assert answer.status_code == status
        assert SECRET not in answer.text
        assert (await http.post(f"/aliyun/{SECRET}", content=b"\xff")).status_code == 400


def test_somebody_has_to_be_named() -> None:
    setup = AdapterSetup(
        config=config_of(plugin, {}),
        settings=Settings(),
        data=Path(),
        now=lambda: datetime.now(UTC),
        policy=load_policy(),
    )
    with pytest.raises(PluginError, match="at least one sender"):
        build(plugin, setup)


def test_the_gateway_may_tell_notify_and_nothing_more_for_it() -> None:
    """ADR 0027: its user of NATS may send the one command."""
    plain: Any = deepcopy(load_policy().plain)
    plain["plugins"]["endpoints"] = {"sms_receipts": TOKENS}
    policy = Policy.model_validate(plain)
    assert adapter_names(policy) == (GATEWAY,)
    assert channels_of(GATEWAY, policy) == ()
    assert subjects_of(GATEWAY, policy) == (RecordReceipt.SUBJECT,)
