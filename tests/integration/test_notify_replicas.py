"""Notify beside another replica of itself: what each knows while the other writes it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.notify.domain.facts import contact_of
from services.notify.handlers import sender
from services.notify.store import facts
from tests.unit.notify.events import opening, registered
from tests.unit.notify.house import House, notify_house


@pytest.fixture
async def house(database_url: str, fresh_nats: str, tmp_path: Path) -> AsyncIterator[House]:
    async with notify_house(database_url, fresh_nats, tmp_path) as ready:
        yield ready


async def test_a_contact_written_by_another_replica_at_that_very_moment_is_found_in_a_moment(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-NT-01: neither transaction saw the other's row; without a look soon afterwards it took up to five seconds."""
    monkeypatch.setattr(sender, "RECOVER_SECONDS", 3_600.0)  # that look finds nothing here
    one = await house.replica()
    await one.work()
    await one.bench.happens(opening())
    one.sender.wake.clear()
    await one.work()
    assert await house.states() == {"accepted:customer": "waiting"}
    async with house.bench.engine.begin() as connection:
        await facts.save_contacts(connection, [contact_of(registered(), None)])
    async with asyncio.timeout(60):
        await one.sender.wake.wait()
    await one.work()
    assert await house.states() == {"accepted:customer": "sent"}
    await one.sender.stop()
