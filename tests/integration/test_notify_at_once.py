"""What leaves at once must come out as what goes by way of the queue: each thing told once, in the same words (R-NT-04)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.notify.ports import Outbound, Outcome, Retry, Unknown
from services.notify.store.tables import limits
from shared.bus.transaction import Delivery, Incoming
from shared.events import (
    Event,
    NotificationSent,
    NotificationStep,
    NotificationSuppressed,
    WorkorderAssigned,
    WorkorderResolved,
)
from tests.statements import statements
from tests.unit.notify.events import NOW, customer, escalated, opening, registered, step, warned
from tests.unit.notify.house import House, Provider, Replica, notify_house


@pytest.fixture
async def house(database_url: str, fresh_nats: str, tmp_path: Path) -> AsyncIterator[House]:
    async with notify_house(database_url, fresh_nats, tmp_path) as ready:
        yield ready


async def prompt(house: House, *transports: Provider) -> Replica:
    """Return a replica that sends at once; it has shown that it is alive."""
    one = await house.replica(*transports, at_once=True)
    await one.work()
    return one


@dataclass
class Slow(Provider):
    """A provider that answers when it is told to."""

    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, messages: Sequence[Outbound]) -> Sequence[Outcome]:
        await self.go_on.wait()
        return await super().send(messages)


def story() -> list[list[Event]]:
    """Return batches in which everything comes: known and unknown contacts, bursts, alerts, and nobody to write to."""

    def assigned(number: int) -> WorkorderAssigned:
        about = {"work_order_id": f"w{number}", "number": f"XR2026112{number:04}"}
        return step(WorkorderAssigned, 2, assignee="market-2", by="system", status="opened", **about)

    orders = [opening(f"w{n}", contact_id=f"c{n}", number=f"XR2026112{n:04}") for n in range(6)]
    return [
        [customer(0), customer(1), customer(2)],
        [*orders[:3], assigned(0), assigned(1)],
        [orders[3], assigned(2), escalated(subject_id="w1")],  # the contact is not known yet
        [customer(3), warned(subject_id="w1"), escalated(clock_id="k2", subject_id="w1")],
        [registered("c4", personal={"phone": None, "email": None}), orders[4], assigned(4)],
        [step(WorkorderResolved, 3, work_order_id="w0", outcome="resolved", text="换货", status="resolved")],
    ]


async def course(house: House, one: Replica) -> dict[str, Any]:
    """Let the story happen, and a minute pass; return what became of everything."""
    for batch in story():
        await one.bench.happens(*batch)
        await one.work(3)
        house.bench.clock.at += timedelta(seconds=5)
    house.bench.clock.at = NOW + timedelta(minutes=2)
    await one.work(3)
    rows = sorted(
        (row.work_order_id, row.purpose, row.recipient, row.state, row.reason or "", row.channel or "", row.attempt)
        for row in await house.rows()
    )
    lines = sorted(
        (line["to"], line["purpose"], line["subject"], sorted(line["text"].splitlines()), len(line["also"]))
        for channel in ("sms", "email")
        for line in house.lines(channel)
    )
    told = sorted((type(e).__name__, e.work_order_id, e.to_masked) for e in await house.bench.told(NotificationStep))
    return {"rows": rows, "lines": lines, "told": told, "limits": len(await house.bench.rows(limits))}


async def test_at_once_comes_out_as_by_way_of_the_queue(database_url: str, fresh_nats: str, tmp_path: Path) -> None:
    """R-NT-04, R-SLA-10: the same notifications in the same states, messages in the same words, events and limits."""
    found: list[dict[str, Any]] = []
    for name in ("queue", "once"):
        async with notify_house(database_url, fresh_nats, tmp_path / name) as house:
            one = await house.replica(at_once=name == "once")
            await one.work()
            found.append(await course(house, one))
            await one.sender.stop()
    assert found[0] == found[1]
    assert {row[3] for row in found[1]["rows"]} == {"sent", "suppressed"}


async def test_it_is_written_once_as_in_hand_and_once_as_sent(house: House) -> None:
    one = await prompt(house)
    await one.bench.happens(*(customer(n) for n in range(5)))
    with statements() as told:
        await one.bench.happens(*(opening(f"w{n}", contact_id=f"c{n}") for n in range(5)))
        await one.sender.idle()
    written = [one.split()[0] for one in told if " notify.notifications " in one and not one.startswith("SELECT")]
    assert written.count("INSERT") == 1
    assert [one for one in told if one.startswith("UPDATE notify.notifications AS target SET state = 'sent'")]
    assert set((await house.states()).values()) == {"sent"}
    assert len(house.lines("sms")) == 5
    await one.sender.stop()


async def test_nothing_is_sent_where_the_transaction_is_undone(house: House) -> None:
    """R-NT-04: neither by the first attempt nor twice by the second."""
    provider = Provider()
    one = await prompt(house, provider)
    await one.bench.happens(registered())
    (message,) = await one.bench.publish(opening())
    item = Incoming(message, Delivery("EVENTS", 9, message.data.SUBJECT, b""))

    class Undone(Exception):
        """The transaction fails at its end."""

    async def undone() -> None:
        async with one.bench.outbox.transaction() as tx:
            await one.bench.parts.on_events(tx, [item])
            raise Undone

    with pytest.raises(Undone):
        await undone()
    await one.sender.idle()
    assert (provider.taken, await house.states()) == ([], {})
    await one.bench.consume(1)
    await one.sender.idle()
    assert ([out.attempt for out in provider.taken], await house.states()) == ([1], {"accepted:customer": "sent"})
    await one.sender.stop()


async def test_what_is_told_again_by_another_event_is_not_sent_again(house: House) -> None:
    """R-NT-04: the arrival of a work order is told once, to whoever is concerned in two ways."""
    one = await prompt(house)
    await one.bench.happens(registered(), opening(grade="urgent"))
    given = step(WorkorderAssigned, 2, assignee="market-supervisor", by="system", status="opened")
    await one.bench.happens(given)
    await one.work(2)
    assert len([line for line in house.lines("email") if line["to"] == "market-supervisor@example.com"]) == 1
    await one.sender.stop()


async def test_older_notifications_are_not_overtaken(house: House) -> None:
    """R-NT-05: while something waits in the queue, what is new queues up behind it."""
    slow = await house.replica()
    await slow.bench.happens(customer(1), opening("w1", contact_id="c1"))
    one = await house.replica(Provider(), at_once=True)
    await one.presence.ensure()
    await one.bench.happens(customer(2), opening("w2", contact_id="c2"))
    assert sorted((await house.states()).items()) == [("accepted:customer", "queued")]
    assert [row.state for row in await house.rows()] == ["queued", "queued"]
    await one.work(2)
    assert [row.state for row in await house.rows()] == ["sent", "sent"]
    await asyncio.gather(slow.sender.stop(), one.sender.stop())


async def test_a_sender_that_has_not_signed_on_sends_nothing_at_once(house: House) -> None:
    """ADR 0008: another replica would take what it has in hand for abandoned."""
    one = await house.replica(at_once=True)
    await one.bench.happens(registered(), opening())
    assert await house.states() == {"accepted:customer": "queued"}
    await one.work(2)
    assert await house.states() == {"accepted:customer": "sent"}
    await one.sender.stop()


async def test_troubles_are_judged_as_ever(house: House) -> None:
    """R-NT-04, R-NT-05: a pause and another try; an unknown fate is flagged and not repeated."""
    provider = Provider(answers=[Retry("busy"), Unknown("no answer")])
    one = await prompt(house, provider)
    await one.bench.happens(customer(1), opening("w1", contact_id="c1"))
    await one.sender.idle()
    assert await house.states() == {"accepted:customer": "queued"}
    house.bench.clock.at += timedelta(minutes=10)
    await one.work(2)
    assert await house.states() == {"accepted:customer": "unknown"}
    await one.bench.happens(registered("c9", personal={"phone": None}), opening("w9", contact_id="c9"))
    assert len(await house.bench.told(NotificationSuppressed)) == 1
    await one.sender.stop()


async def test_what_two_transports_carried_at_the_same_time_is_recorded_together(house: House) -> None:
    """One transaction for the SMS and the mail of a batch."""
    one = await prompt(house)
    await one.bench.happens(customer(1), customer(2))
    with statements() as told:
        await one.bench.happens(opening("w1", contact_id="c1", grade="urgent"), opening("w2", contact_id="c2"))
        await one.sender.idle()
    assert set((await house.states()).values()) == {"sent"}
    assert house.lines("sms")
    assert house.lines("email")
    assert len([one for one in told if one.startswith("UPDATE notify.notifications AS target SET state = 'sent'")]) == 1
    await one.sender.stop()


async def test_a_slow_transport_keeps_nobody_from_being_recorded(house: House) -> None:
    """R-NT-05: what another has taken is recorded while it is still on its way."""
    slow = Slow("file", "email")
    one = await prompt(house, slow)
    await one.bench.happens(registered(), opening(grade="urgent"))
    (quick,) = await one.bench.heard(NotificationSent, where=lambda event: event.audience == "customer")
    assert quick.purpose == "accepted"
    assert {key: state for key, state in (await house.states()).items() if state == "sending"}
    slow.go_on.set()
    await one.sender.idle()
    assert set((await house.states()).values()) == {"sent"}
    await one.sender.stop()
