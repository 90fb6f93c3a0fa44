"""R-IN-01: the same hundred contacts over eight channels, each in its native form, are the same hundred customers' work orders."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from shared.testing.service_process import policy_with
from tests.e2e.native_forms import ENDPOINTS, MAILBOX, SECRETS, Case, Channels
from tests.e2e.suite import Event, Suite, running_suite

pytestmark = pytest.mark.timeout(300)
"""A whole suite takes its time to start and to end where the machine has much else to do."""

ALL = 100
KNOWN_BY_NUMBER_OR_ADDRESS = ("phone", "web", "email", "sms", "app", "walk_in")
KNOWN_BY_THEIR_HANDLE = ("wechat", "weibo")
AT_ONCE = 8


@pytest.fixture(scope="module")
async def suite(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Suite]:
    policy = policy_with(
        tmp_path_factory.mktemp("policy") / "policy.yaml",
        endpoints=ENDPOINTS,
        adapters={
            "gateway": {"rates": {"per_sender": 1_000_000, "total": 1_000_000}},
            "lmtp": {"mailboxes": [{"address": MAILBOX}], "port": 0},
        },
    )
    async with running_suite(YINGDA_POLICY=str(policy), **SECRETS) as running:
        yield running


def cases() -> list[Case]:
    """The matters of the demo's day, each of a customer of its own, until there are a hundred."""
    lines = (Path(__file__).parents[2] / "shared" / "cli" / "demo" / "contacts.jsonl").read_text().splitlines()
    texts = [json.loads(line)["contact"]["text"] for line in lines]
    return [Case(number, texts[number % len(texts)]) for number in range(ALL)]


async def sent(channels: Channels, channel: str) -> None:
    send = getattr(channels, channel)
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(case: Case) -> None:
        async with turns:
            await send(case)

    await asyncio.gather(*(one(case) for case in cases()))


def opened(events: list[Event], channel: str) -> list[Event]:
    kind = "yingda.workorder.opened.v1"
    return [event["data"] for event in events if event["type"] == kind and event["data"]["channel"] == channel]


def are_open(channel: str, events: list[Event]) -> bool:
    return len(opened(events, channel)) >= ALL


async def test_a_hundred_contacts_over_eight_channels_are_the_same_customers_work_orders(suite: Suite) -> None:
    addresses = suite.endpoints["adapters"]
    host, port = addresses["lmtp"].rpartition("//")[2].rsplit(":", 1)
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    customers: dict[str, set[str]] = {}
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        channels = Channels(http, addresses["gateway"], (host, int(port)))
        for channel in (*KNOWN_BY_NUMBER_OR_ADDRESS, *KNOWN_BY_THEIR_HANDLE):
            await sent(channels, channel)
            await suite.until(partial(are_open, channel), 120)
            await sent(channels, channel)  # as every vendor does that got no answer
            registered = {
                event["data"]["contact_id"]: event["data"] for event in suite.all("contact.registered", channel=channel)
            }
            orders = opened(suite.events, channel)
            assert len({order["source_id"] for order in orders}) == ALL
            customers[channel] = {order["customer_id"] for order in orders}
            assert len(customers[channel]) == ALL, f"{channel}: every customer has one work order"
            found[channel] = {
                registered[order["contact_id"]]["personal"]["text"]: (
                    order["category"],
                    order["topic"],
                    order["department"],
                    order["queue"],
                )
                for order in orders
            }
        await channels.web(Case(ALL, "请问你们几点下班？"))  # what was sent before it has been seen when it is open
        await suite.event("workorder.opened", source_id=f"web/form/form-{ALL}")
    for channel in KNOWN_BY_NUMBER_OR_ADDRESS:
        assert customers[channel] == customers["phone"], f"{channel}: the same customers"
    for channel, judged in found.items():
        assert judged == found["phone"], f"{channel}: the same judgement of the same words"
    counts = Counter(order["data"]["channel"] for order in suite.all("workorder.opened"))
    assert counts - Counter(web=1) == dict.fromkeys([*KNOWN_BY_NUMBER_OR_ADDRESS, *KNOWN_BY_THEIR_HANDLE], ALL)
    assert not suite.all("contact.rejected")
