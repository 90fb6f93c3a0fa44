"""Guarantee 7: replicas of every service side by side; those that leave or join lose nothing and delay nothing.

A contact's delay is the time from its publication to its work order on the stream, by the server's own time stamps.
"""

import asyncio

from nats.aio.client import Client

from shared.testing.servers import Servers
from tests.faults.customers import Book, Customers
from tests.faults.fleet import SERVICES, fleet_at
from tests.faults.outcome import settled

LIMIT_SECONDS = 2.0
RATE = 30.0
CALM_SECONDS = 4.0


async def nothing_lost_and_nothing_late(client: Client, book: Book, disturbed: set[str]) -> None:
    """Judge, and print the figures: the delays in calm and while replicas came and went."""
    found = await settled(client, book)
    assert found.faults(book) == []
    calm = found.delays(book, book.sent.keys() - disturbed)
    moved = found.delays(book, disturbed)
    figures = {
        "contacts": len(book.acknowledged),
        "calm_p50": calm[len(calm) // 2],
        "calm_max": calm[-1],
        "moved_p50": moved[len(moved) // 2],
        "moved_p99": moved[len(moved) * 99 // 100],
        "moved_max": moved[-1],
    }
    print({name: round(figure, 3) for name, figure in figures.items()})  # noqa: T201 (shown by `pytest -s`)
    assert moved[-1] - calm[-1] < LIMIT_SECONDS, figures


async def test_a_rolling_restart_of_all_services_under_load_loses_and_delays_nothing(servers: Servers) -> None:
    """R-IN-06, R-SLA-09, R-NT-04: two replicas of each, every one of them replaced while contacts come."""
    async with fleet_at(servers, 2) as (ships, client):
        customers = Customers(client)
        await customers.write(int(CALM_SECONDS * RATE), RATE)
        before = set(customers.book.sent)
        async with customers.writing(RATE):
            left = await ships.roll()
            await asyncio.gather(*(ships.join(name) for name in SERVICES))  # and a third one joins
        await nothing_lost_and_nothing_late(client, customers.book, customers.book.sent.keys() - before)
    assert {gone.code for gone in left} == {0}
