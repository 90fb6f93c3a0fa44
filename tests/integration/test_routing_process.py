"""Routing as its own processes: replicas are killed in the middle of their work, and nothing is lost, doubled or skipped."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic_core import from_json, to_json

from shared.events import WorkorderHandedOver, WorkorderOpened, WorkorderStep
from shared.events.commands import GetWorkorder, Respond
from shared.ids import new_id
from shared.testing.builders import registered_contact
from shared.testing.service_process import service_process
from tests.integration.routing_house import House
from tests.integration.routing_house import house as house

CONTACTS = 1_200


async def ask(house: House, subject: str, **body: Any) -> dict[str, Any]:
    request = to_json({"command_id": new_id(), "by": "service-1", **body})
    reply: dict[str, Any] = from_json((await house.bench.client.request(subject, request, timeout=30)).data)
    return reply


@pytest.mark.timeout(300)  # as long as a busy machine needs
async def test_killed_in_the_middle(house: House, database_url: str, fresh_nats: str) -> None:
    """R-RT-06 and the handbook's numbers: two replicas killed, one left: each contact one work order, no number missing."""
    bench, small = house.bench, {"YINGDA_BATCH_SIZE": "100"}
    await bench.publish(*(registered_contact() for _ in range(CONTACTS)))
    async with (
        service_process("routing", database_url, fresh_nats, **small) as first,
        service_process("routing", database_url, fresh_nats, **small) as second,
    ):
        for victim, share in ((first, 4), (second, 2)):
            await bench.heard(WorkorderOpened, count=CONTACTS // share)
            victim.kill()
            await victim.wait()
    async with service_process("routing", database_url, fresh_nats, **small):
        await bench.heard(WorkorderOpened, count=CONTACTS)
    row = await house.row(
        "SELECT count(*), count(DISTINCT number), max(substr(number, 11)::int) FROM routing.work_orders"
    )
    assert tuple(row) == (CONTACTS, CONTACTS, CONTACTS)
    told = Counter(message.key for message in await bench.messages(WorkorderOpened))
    assert len(told) == CONTACTS


async def test_commands_and_cut_off_of_a_running_service(house: House, database_url: str, fresh_nats: str) -> None:
    """Contract: commands are answered over NATS; what is past its cut-off is handed over without being asked (R-RT-03)."""
    bench, long_ago = house.bench, datetime.now(UTC) - timedelta(days=30)
    async with service_process("routing", database_url, fresh_nats):
        await bench.publish(registered_contact())
        await bench.publish(registered_contact(at=long_ago, category="info_change", personal={"text": "改名"}))
        (first, change) = await bench.heard(WorkorderOpened, count=2)
        assert (await ask(house, Respond.SUBJECT, work_order_id=first.work_order_id, text="好的"))["ok"]
        found = await ask(house, GetWorkorder.SUBJECT, number=first.number)
        assert [step["step"] for step in found["result"]["steps"]] == ["opened", "assigned", "responded"]
        batches = await bench.heard(WorkorderHandedOver)
    assert [batch.work_order_ids for batch in batches] == [(change.work_order_id,)]
    steps = await bench.told(WorkorderStep)
    assert [step.version for step in steps if step.work_order_id == first.work_order_id] == [2, 3]
    assert [step.TYPE for step in steps if step.work_order_id == change.work_order_id] == [
        "yingda.workorder.assigned.v1"
    ]
