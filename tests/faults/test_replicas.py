"""Guarantee 7: replicas of every service side by side; those that leave or join lose nothing and delay nothing.

A contact's delay is the time from its publication to its work order on the stream, and to the notice that its customer
got, by the server's own time stamps.
"""

import asyncio

import pytest
from nats.aio.client import Client

from shared.testing.servers import Servers
from tests.faults.customers import Book, Customers
from tests.faults.fleet import SERVICES, Fleet, fleet_at
from tests.faults.outcome import settled

LIMIT_SECONDS = 2.0
RATE = 30.0
CALM_SECONDS = 4.0


async def nothing_lost_and_nothing_late(ships: Fleet, client: Client, book: Book, calm: set[str]) -> None:
    """Judge, and print the figures: the delays of those written in calm, and of those while replicas came and went.

    A machine that is busy with something else delays both: what counts is by how much the longest has grown.
    """
    found = await settled(client, book)
    assert found.faults(book) == []
    assert '"40P01"' not in ships.logs(), "no two replicas waited for one another in a circle"
    disturbed = book.sent.keys() - calm
    print(f"{len(calm)} contacts in calm, {len(disturbed)} while replicas came and went")  # noqa: T201 (`pytest -s`)
    for what, of in (("work order", found.delays), ("notice", found.notice_delays)):
        before, then = of(book, calm), of(book, disturbed)
        print(f"{what}: {told(before)} in calm, {told(then)} then")  # noqa: T201 (same)
        assert then[-1] - before[-1] < LIMIT_SECONDS, what


def told(delays: list[float]) -> str:
    return f"p50 {delays[len(delays) // 2]:.2f} s, p99 {delays[len(delays) * 99 // 100]:.2f} s, max {delays[-1]:.2f} s"


async def test_a_rolling_restart_of_all_services_under_load_loses_and_delays_nothing(servers: Servers) -> None:
    """R-IN-06, R-SLA-09, R-NT-04: two replicas of each, every one of them replaced while contacts come."""
    async with fleet_at(servers, 2) as (ships, client):
        customers = Customers(client)
        await customers.write(int(CALM_SECONDS * RATE), RATE)
        calm = set(customers.book.sent)
        async with customers.writing(RATE):
            left = await ships.roll()
            await asyncio.gather(*(ships.join(name) for name in SERVICES))  # and a third one joins
        await nothing_lost_and_nothing_late(ships, client, customers.book, calm)
    assert {gone.code for gone in left} == {0}


@pytest.mark.slow_faults
@pytest.mark.timeout(600)
async def test_replicas_come_and_go_for_minutes(servers: Servers) -> None:
    """R-IN-06, R-SLA-09, R-NT-04: three of each, rolled three times, then down to one of each and up again."""
    async with fleet_at(servers, 3) as (ships, client):
        customers = Customers(client)
        await customers.write(int(3 * CALM_SECONDS * RATE), RATE)
        calm = set(customers.book.sent)
        async with customers.writing(RATE):
            for _ in range(3):
                left = await ships.roll()
                assert {gone.code for gone in left} == {0}
            kept = {name: next(one for one in ships.replicas if one.name == name) for name in SERVICES}
            for replica in [one for one in ships.replicas if one is not kept[one.name]]:
                await ships.leave(replica)
            for name in SERVICES:
                await ships.join(name)
        await nothing_lost_and_nothing_late(ships, client, customers.book, calm)
