"""R-NT-06: one notification that cannot be written, or whose fate cannot be recorded, holds up no other."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from services.notify.ports import Rejected
from shared.events import NotificationFailed, NotificationSuppressed
from tests.unit.notify.events import opening, registered
from tests.unit.notify.house import House, Provider, notify_house


@pytest.fixture
async def house(database_url: str, fresh_nats: str, tmp_path: Path) -> AsyncIterator[House]:
    async with notify_house(database_url, fresh_nats, tmp_path) as ready:
        yield ready


async def test_a_notification_that_cannot_be_composed_is_set_aside_with_its_reason(house: House) -> None:
    one = await house.replica()
    await one.bench.happens(registered(), opening())
    await one.bench.happens(registered("c2"), opening("w2", contact_id="c2", number="XR20261123002"))
    async with house.bench.engine.begin() as connection:
        due = '{"due_at": "9999-12-31T23:30:00Z"}'  # no local time in Shanghai
        broken = text("UPDATE notify.notifications SET \"values\" = CAST(:due AS jsonb) WHERE work_order_id = 'w1'")
        assert (await connection.execute(broken, {"due": due})).rowcount == 1
    await one.work(2)
    (event,) = await house.bench.told(NotificationSuppressed)
    assert event.work_order_id == "w1"
    assert event.reason == "it cannot be composed: OverflowError"
    assert [line["work_order"] for line in house.lines("sms")] == ["XR20261123002"]
    await one.sender.stop()


async def test_a_reason_that_postgresql_cannot_hold_is_recorded_without_what_it_cannot(house: House) -> None:
    provider = Provider(answers=[Rejected("bad\0number" + "x" * 2000)])
    one = await house.replica(provider)
    await one.bench.happens(registered(), opening())
    await one.work(2)
    (event,) = await house.bench.told(NotificationFailed)
    assert event.work_order_id == "w1"
    (row,) = [row for row in await house.rows() if row.purpose == "accepted"]
    assert (row.state, row.reason[:9], len(row.reason)) == ("failed", "badnumber", 500)
    await one.sender.stop()
