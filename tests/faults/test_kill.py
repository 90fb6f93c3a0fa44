"""`kill -9` of each service in the middle of a batch: nothing is lost and nothing happens twice.

The judge is what the test itself wrote down, held against the stream and the messages that customers would have got.
"""

import asyncio
import json
import os
import signal
from collections import Counter
from functools import partial
from typing import Any

import pytest

from tests.e2e.suite import Suite, contact, envelope, running_suite
from tests.polling import until

CONTACTS = 400
METRICS = {"first_response", "department_response", "resolution", "progress_update"}


async def flood(suite: Suite, count: int) -> dict[str, str]:
    """Publish `count` contacts in atomic batches, each batch delivered twice; return the phone of each source id."""
    ledger = {f"web/shop/k{n}": f"1390000{n:04d}" for n in range(count)}
    for repeat in ("a", "b"):
        for start in range(0, count, 100):
            await _batch(suite, ledger, range(start, start + 100), f"{repeat}{start}")
    return ledger


async def _batch(suite: Suite, ledger: dict[str, str], numbers: range, batch: str) -> None:
    for place, n in enumerate(numbers, start=1):
        customer = {"name": "王芳", "phone": ledger[f"web/shop/k{n}"]}
        body = envelope(contact(occurred_at="2026-11-23T10:00:00+08:00", customer=customer), "web", f"k{n}")
        headers = {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(place)}
        if place < len(numbers):
            await suite.client.publish("yingda.contact.received.web", body, headers=headers)
            continue
        headers["Nats-Batch-Commit"] = "1"
        reply = await suite.client.request("yingda.contact.received.web", body, headers=headers, timeout=30)
        assert json.loads(reply.data)["count"] == len(numbers)


async def kill_in_the_middle(suite: Suite, service: str, stream: str) -> None:
    """Kill -9 `service` at a moment when it has messages in hand; return when another process has taken its place."""
    jetstream = suite.client.jetstream()
    pid = suite.endpoints["pids"][service]

    async def in_the_middle() -> bool:
        return bool((await jetstream.consumer_info(stream, service)).num_ack_pending)

    await until(in_the_middle, 60, every=0)
    os.kill(pid, signal.SIGKILL)
    await suite.replaced(service, pid)


async def nothing_in_hand(suite: Suite) -> None:
    """Return when every service has finished everything, so that nothing can happen twice any more."""
    jetstream = suite.client.jetstream()

    async def done(service: str) -> bool:
        info = await jetstream.consumer_info("CONTACTS" if service == "intake" else "EVENTS", service)
        return not info.num_pending and not info.num_ack_pending

    for service in ("intake", "routing", "sla", "notify", "feedback"):
        await until(partial(done, service), 60, every=0.01)


async def everything_on_the_stream(suite: Suite) -> list[dict[str, Any]]:
    """Return every event on the stream, each id once, in order."""
    subscription = await suite.client.jetstream().subscribe("yingda.event.>", ordered_consumer=True)
    last = (await suite.client.jetstream().stream_info("EVENTS")).state.messages
    found: dict[str, dict[str, Any]] = {}
    for _ in range(last):
        event = json.loads((await subscription.next_msg(timeout=30)).data)
        found.setdefault(f"{event['source']}/{event['id']}", event)
    await subscription.unsubscribe()
    return list(found.values())


def of(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event["data"] for event in events if event["type"] == f"yingda.{kind}.v1"]


@pytest.mark.parametrize(
    ("service", "stream"),
    [("intake", "CONTACTS"), ("routing", "EVENTS"), ("sla", "EVENTS"), ("notify", "EVENTS"), ("feedback", "EVENTS")],
)
@pytest.mark.timeout(300)
async def test_killing_a_service_in_the_middle_of_a_batch_loses_and_doubles_nothing(service: str, stream: str) -> None:
    """R-IN-06, R-SLA-09, R-NT-04."""
    async with running_suite("2026-11-23T10:00:00+08:00@1") as suite:
        flooding = asyncio.create_task(flood(suite, CONTACTS))
        await kill_in_the_middle(suite, service, stream)
        ledger = await flooding
        keys: set[str] = set()

        def complete(_: object) -> bool:
            keys.update(e["data"]["work_order_id"] for e in suite.all("workorder.opened"))
            noticed = {e["data"]["work_order_id"] for e in suite.all("notification.sent", purpose="accepted")}
            clocks = Counter(e["data"]["subject_id"] for e in suite.all("sla.started"))
            return len(keys) == len(noticed) == CONTACTS and all(clocks[key] >= len(METRICS) for key in keys)

        await suite.until(complete, 150)
        await nothing_in_hand(suite)
        events = await everything_on_the_stream(suite)

        registered = of(events, "contact.registered")
        assert Counter(e["source_id"] for e in registered) == Counter(ledger.keys())
        opened = of(events, "workorder.opened")
        assert Counter(e["source_id"] for e in opened) == Counter(ledger.keys())
        numbers = sorted(int(e["number"].removeprefix("XR20261123")) for e in opened)
        assert numbers == list(range(1, CONTACTS + 1)), "the numbers are gapless"
        started = Counter((e["subject_id"], e["metric"], e["cycle"]) for e in of(events, "sla.started"))
        assert started == Counter({(key, metric, 1): 1 for key in keys for metric in METRICS})
        told = Counter(message["to"] for message in suite.messages("sms") if message["purpose"] == "accepted")
        assert told.total() == CONTACTS, "every customer is told once"
        assert set(told.values()) == {1}
        sent = Counter(e["work_order_id"] for e in of(events, "notification.sent") if e["purpose"] == "accepted")
        assert sent == Counter(keys)
