"""From the contact to the vendor: what a customer wrote is a value of a template, and an SMS goes once (R-NT-03, R-NT-04)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from shared.policy import Policy
from shared.testing.embedded_ports import LOOPBACK
from tests.unit.notify.events import opening, registered
from tests.unit.notify.house import House, notify_house
from tests.unit.notify.sms_vendors import ALIYUN, Aliyun, sms_transport
from tests.vendor_server import Reply, vendor_server


@pytest.fixture
async def house(database_url: str, fresh_nats: str, tmp_path: Path) -> AsyncIterator[House]:
    async with notify_house(database_url, fresh_nats, tmp_path) as ready:
        yield ready


def policy_of(house: House) -> Policy:
    plain: Any = deepcopy(house.bench.policy.plain)
    plain["notify"]["transports"]["customer"]["sms"] = ["aliyun_sms"]
    return Policy.model_validate(plain)


@pytest.mark.parametrize(
    ("trouble", "state"), [(None, "sent"), ("cut", "unknown")], ids=["an answer", "no answer after the request"]
)
async def test_an_sms_has_what_the_customer_wrote_as_a_value_and_goes_once(
    house: House, trouble: Any, state: str
) -> None:
    """R-NT-03, R-NT-04: braces, percent signs and quotation marks are words; what may have been taken is not sent again."""
    text = '{{ 7*7 }} ${x} %s "'
    vendor = Aliyun(code=lambda _sms: Reply(trouble=trouble) if trouble else None)
    async with vendor_server(vendor.answer) as there:
        transport = sms_transport("aliyun_sms", ALIYUN | {"endpoint": there.url, "trusted_hosts": [LOOPBACK]})
        one = await house.replica(transport, policy=policy_of(house))
        await one.bench.happens(registered(personal={"text": text}), opening(number="XR20261123001"))
        await one.work(3)
        assert set((await house.states()).values()) == {state}
        await one.sender.stop()
    (sent,) = vendor.sent
    assert sent.to == "13800138000"
    number, problem = sent.parameters
    assert number == "XR20261123001"
    assert text.startswith(problem.removesuffix("…"))
    assert "49" not in problem
