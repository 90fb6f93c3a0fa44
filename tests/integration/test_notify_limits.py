"""R-NT-05: rate limits per transport and per recipient hold for all replicas; who is urgent goes first; nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.notify.handlers import sender
from services.notify.store import limits, windows
from shared.events import NotificationStep, WorkorderAssigned
from shared.policy import Policy
from tests.statements import statements
from tests.unit.notify.events import NOW, customer, escalated, opening, registered, step
from tests.unit.notify.house import House, Provider, Replica, notify_house


@pytest.fixture
async def house(database_url: str, fresh_nats: str, tmp_path: Path) -> AsyncIterator[House]:
    async with notify_house(database_url, fresh_nats, tmp_path) as ready:
        yield ready


def limited(house: House, **rules: Mapping[str, Any]) -> Policy:
    """Return the policy with `transports` and `recipients` of the rate limits."""
    plain = deepcopy(house.bench.policy.plain)
    plain["notify"]["rate_limits"] = {"transports": {}, "recipients": {}} | rules  # type: ignore[index]
    return Policy.model_validate(plain)


async def customers(one: Replica, count: int, **changes: Any) -> None:
    await one.bench.happens(*(customer(n) for n in range(count)))
    await one.bench.happens(
        *(opening(f"w{n}", contact_id=f"c{n}", number=f"XR2026112{n:04}", **changes) for n in range(count))
    )


async def test_a_transport_takes_no_more_than_its_limit_whoever_sends(house: House) -> None:
    """R-NT-05: three replicas at once, 10 in 10 seconds, 34 customers: every one of them is told, in their order."""
    policy = limited(house, transports={"slow": [{"count": 10, "per": "10s wall"}]})
    plain = deepcopy(policy.plain)
    plain["notify"]["transports"]["customer"]["sms"] = ["slow"]  # type: ignore[index]
    policy = Policy.model_validate(plain)
    provider = Provider("slow")
    crew = [await house.replica(provider, policy=policy) for _ in range(3)]
    await customers(crew[0], 34)
    left: list[int] = []
    began = house.bench.clock.at
    while len(provider.taken) < 34:
        await asyncio.gather(*(replica.work(2) for replica in crew))
        left.append(len(provider.taken))
        house.bench.clock.at += timedelta(seconds=5)
        assert house.bench.clock.at < began + timedelta(minutes=2), left
    assert left[:7] == [10, 10, 20, 20, 30, 30, 34]
    assert len({out.message.notification_id for out in provider.taken}) == 34
    assert set((await house.states()).values()) == {"sent"}
    await asyncio.gather(*(replica.sender.stop() for replica in crew))


async def test_a_vendors_limit_for_one_number_is_kept_ahead(house: House) -> None:
    """R-NT-05: the vendor would refuse the second SMS of these seconds; another number is not concerned."""
    policy = limited(house, addresses={"file": [{"count": 1, "per": "30s wall"}]})
    one, two = await house.replica(policy=policy), await house.replica(policy=policy)
    await one.bench.happens(registered("c0"), registered("c1"), customer(9))
    await one.bench.happens(*(opening(f"w{n}", contact_id=f"c{n}", number=f"XR2026112{n:04}") for n in (0, 1, 9)))
    await asyncio.gather(one.work(2), two.work(2))
    assert sorted(line["to"] for line in house.lines("sms")) == ["13800000009", "13800138000"]
    house.bench.clock.at = NOW + timedelta(seconds=31)
    await asyncio.gather(one.work(2), two.work(2))
    assert len(house.lines("sms")) == 3
    assert set((await house.states()).values()) == {"sent"}
    await asyncio.gather(one.sender.stop(), two.sender.stop())


async def test_a_recipient_gets_no_more_than_the_limit_and_the_rest_later(house: House) -> None:
    """R-NT-05: somebody's form floods one telephone; other customers are not concerned."""
    policy = limited(house, recipients={"customer": [{"count": 2, "per": "1h wall"}]})
    one, two = await house.replica(policy=policy), await house.replica(policy=policy)
    await one.bench.happens(*(registered(f"c{n}") for n in range(5)), customer(9))
    await one.bench.happens(
        *(opening(f"w{n}", contact_id=f"c{n}", number=f"XR2026112{n:04}") for n in (0, 1, 2, 3, 4, 9))
    )
    await asyncio.gather(one.work(2), two.work(2))
    assert sorted(line["to"] for line in house.lines("sms")) == ["13800000009", "13800138000", "13800138000"]
    waiting = [row for row in await house.rows() if row.state == "queued"]
    assert {row.reason for row in waiting} == {"the limit of its recipient"}
    for hour in (1, 2):
        house.bench.clock.at = NOW + timedelta(hours=hour)
        await asyncio.gather(one.work(2), two.work(2))
    assert len(house.lines("sms")) == 6
    assert "13800138000" not in "".join(row.name for row in await house.bench.rows(limits))
    await asyncio.gather(one.sender.stop(), two.sender.stop())


async def test_an_emergency_and_an_urgent_alert_overtake_a_long_queue(house: House) -> None:
    """R-NT-05: they are the next that leave, whatever has waited before them."""
    plain = deepcopy(limited(house, transports={"slow": [{"count": 2, "per": "10s wall"}]}).plain)
    plain["notify"]["transports"] = {  # type: ignore[index]
        "customer": {"sms": ["slow"], "email": ["slow"]},
        "staff": {"email": ["slow"], "sms": ["slow"]},
    }
    provider, mail = Provider("slow"), Provider("slow", "email")
    one = await house.replica(provider, mail, policy=Policy.model_validate(plain))
    await customers(one, 30)
    await one.work(2)
    assert len(provider.taken) == 2
    house.bench.clock.at += timedelta(seconds=10)
    emergency = opening("w50", contact_id="c50", number="XR20261123050", category="emergency", topic="medical")
    await one.bench.happens(customer(50), emergency)
    await one.work(2)
    assert [out.work_order for out in provider.taken[2:]] == ["XR20261123050"]
    assert [out.purpose for out in mail.taken] == ["assigned"], "and it is reported inside the house"
    house.bench.clock.at += timedelta(seconds=10)
    await one.bench.happens(escalated(subject_id="w3"))
    await one.work(2)
    told = [(out.purpose, out.message.to) for out in mail.taken[1:]]
    assert ("breach", "market-supervisor@example.com") in told
    await one.sender.stop()


async def test_a_long_queue_costs_a_batch_as_many_statements_as_a_short_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-NT-05: limits, suppressions and digests are asked once per batch, not once per message."""
    monkeypatch.setattr(sender, "RECOVER_SECONDS", 3_600.0)  # what is looked for now and then would be counted too
    policy = limited(house, recipients={"customer": [{"count": 5, "per": "1m wall"}]})
    one = await house.replica(policy=policy)

    async def asked(count: int, start: int) -> int:
        await one.bench.happens(*(customer(n) for n in range(start, start + count)))
        await one.bench.happens(
            *(opening(f"w{n}", contact_id=f"c{n}", number=f"XR2026112{n:04}") for n in range(start, start + count))
        )
        await one.work()  # whatever is looked up once
        with statements() as told:
            await one.bench.happens(
                *(
                    step(WorkorderAssigned, 2, work_order_id=f"w{n}", assignee="market-2")
                    for n in range(start, start + count)
                )
            )
            await one.work()
        house.bench.clock.at += timedelta(minutes=2)
        return len(told)

    few, many = await asked(2, 0), await asked(150, 10)
    assert many <= few + 1
    await one.sender.stop()


async def test_windows_that_count_no_more_are_forgotten(house: House) -> None:
    one = await house.replica()
    await customers(one, 3)
    await one.work()
    assert await house.bench.count(limits) == 3
    async with house.bench.engine.begin() as connection:
        await windows.forget(connection, NOW)
    assert await house.bench.count(limits) == 3
    async with house.bench.engine.begin() as connection:
        await windows.forget(connection, NOW + timedelta(seconds=1))
    assert await house.bench.count(limits) == 0
    await one.sender.stop()


async def test_assignments_that_come_in_a_burst_are_one_message_a_minute(house: House) -> None:
    """R-SLA-10, R-RT-08: each is told and counted; an alert does not wait behind them."""
    one = await house.replica()
    await customers(one, 6)

    def given(number: int) -> WorkorderAssigned:
        about = {"work_order_id": f"w{number}", "number": f"XR2026112{number:04}"}
        return step(WorkorderAssigned, 2, assignee="market-2", by="system", **about)

    await one.bench.happens(given(0))
    await one.work()
    house.bench.clock.at += timedelta(seconds=5)
    await one.bench.happens(*(given(n) for n in range(1, 6)))
    await one.work(2)
    assert [(line["to"], len(line["also"])) for line in house.lines("email")] == [("market-2@example.com", 0)]
    house.bench.clock.at += timedelta(seconds=5)
    about = {"subject_type": "agent", "subject_id": "x", "metric": "agent_away", "department": "market"}
    await one.bench.happens(escalated(), escalated(clock_id="k2", **about))
    await one.work(2)
    assert [line["to"] for line in house.lines("email")][1:] == ["market-supervisor@example.com"]
    house.bench.clock.at += timedelta(seconds=50)
    await one.work()
    last = house.lines("email")[-1]
    assert (last["to"], len(last["also"])) == ("market-2@example.com", 4)
    assert "5 项" in last["subject"]
    for number in range(1, 6):
        assert f"XR2026112{number:04}" in last["text"]
    told = [one for one in await house.bench.told(NotificationStep) if one.purpose == "assigned"]
    assert len(told) == 6
    await one.sender.stop()


async def test_the_supervisor_of_an_urgent_matter_who_also_gets_it_hears_of_it_once(house: House) -> None:
    """R-NT-04, R-SLA-01, R-RT-08: also where the assignment comes in a later batch."""
    one = await house.replica()
    await one.bench.happens(registered(), opening(grade="urgent"))
    await one.work()
    await one.bench.happens(step(WorkorderAssigned, 2, assignee="market-supervisor", by="system"))
    house.bench.clock.at += timedelta(minutes=2)
    await one.work(2)
    assert [line["to"] for line in house.lines("email")] == ["market-supervisor@example.com"]
    assert "紧急" in house.lines("email")[0]["subject"]
    await one.sender.stop()


async def test_the_assignee_of_a_batch_hears_of_it_at_its_hour(house: House) -> None:
    """R-RT-03: 16:00 in Shanghai."""
    cutoff: datetime = NOW.replace(hour=8, minute=0)
    one = await house.replica()
    await one.bench.happens(
        registered(),
        opening(category="info_change", topic=None, department="network", cutoff_at=cutoff),
        step(WorkorderAssigned, 2, assignee="network-2", by="system", department="network", status="opened"),
    )
    await one.work(2)
    assert house.lines("email") == []
    house.bench.clock.at = cutoff
    await one.work()
    assert [line["to"] for line in house.lines("email")] == ["network-2@example.com"]
    await one.sender.stop()
