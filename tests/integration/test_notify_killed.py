"""The whole service as a process that is killed again and again: every customer is told once (R-NT-04)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.bus.publish import Outgoing, Publisher
from shared.events import NotificationSent, NotificationStep, compose, encode
from shared.testing.service_process import service_process
from tests.polling import until
from tests.unit.notify.events import NOW, customer, opening
from tests.unit.notify.house import House, notify_house

CUSTOMERS = 600


@pytest.fixture
async def house(database_url: str, fresh_nats: str, tmp_path: Path) -> AsyncIterator[House]:
    async with notify_house(database_url, fresh_nats, tmp_path) as ready:
        yield ready


async def _written(house: House, count: int) -> None:
    """Return when the file has `count` lines."""
    path = house.folder / "messages" / "sms.jsonl"

    def written() -> bool:
        return path.exists() and path.read_bytes().count(b"\n") >= count

    await until(written, 60, every=0.005, said=f"{count} messages written")  # before their events, which come too late


@pytest.mark.timeout(300)  # as long as a busy machine needs
async def test_nobody_is_told_twice_or_never(house: House, database_url: str, fresh_nats: str) -> None:
    outgoing = []
    for n in range(CUSTOMERS):
        for event in (customer(n), opening(f"w{n}", contact_id=f"c{n}", number=f"XR2026112{n:04}")):
            message = compose(event, source="yingda/test", subject="s", at=NOW, traceparent=None)
            outgoing.append(Outgoing(message.key, event.SUBJECT, encode(message)))
    publisher = Publisher(house.bench.client, "EVENTS")
    settings = {"YINGDA_DATA": str(house.folder), "YINGDA_BATCH_SIZE": "50"}
    for kill in range(1, 5):
        async with service_process("notify", database_url, fresh_nats, **settings):
            start, end = (kill - 1) * len(outgoing) // 4, kill * len(outgoing) // 4
            await publisher.publish(outgoing[start:end])
            await _written(house, kill * CUSTOMERS // 5)
        # killed in the middle of claiming, writing or recording
    async with service_process("notify", database_url, fresh_nats, **settings) as process:
        await house.bench.heard(NotificationSent, count=CUSTOMERS)
        process.terminate()
        assert await process.wait() == 0
    told = [line["work_order"] for line in house.lines("sms")]
    assert len(told) == CUSTOMERS
    assert len(set(told)) == CUSTOMERS
    assert {event.TYPE for event in await house.bench.told(NotificationStep)} == {"yingda.notification.sent.v1"}
    assert {row.state for row in await house.rows()} == {"sent"}
