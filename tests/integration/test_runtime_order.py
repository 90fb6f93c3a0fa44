"""Versions on real PostgreSQL: whatever order, repeats and replicas, each work order's events are applied 1, 2, 3 … once."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from shared.bus.ordering import ContendedError, in_order
from shared.bus.transaction import Delivery, Incoming
from shared.events import decode_event
from tests.integration.runtime_probe import Probe, effects, paused, tables
from tests.integration.runtime_probe import probe as probe

WORK_ORDERS, VERSIONS = 6, 7


def in_turn(seed: int) -> bool:
    return seed % 3 == 0


def deliveries(seed: int) -> list[list[Incoming]]:
    """Every version of every work order, some of them twice, in any order, in batches of any size."""
    dice = random.Random(seed)
    wanted = [(key, version) for key in range(WORK_ORDERS) for version in range(1, VERSIONS + 1)]
    wanted += dice.choices(wanted, k=len(wanted) // 3)
    if not in_turn(seed):
        dice.shuffle(wanted)
    batches: list[list[Incoming]] = []
    while wanted:
        size = dice.randint(1, 12)
        batches.append([incoming(f"s{seed}w{key}", version) for key, version in wanted[:size]])
        wanted = wanted[size:]
    return batches


def incoming(work_order_id: str, version: int) -> Incoming:
    subject, body = paused(work_order_id, version)
    message = decode_event(body)
    assert message is not None
    return Incoming(message, Delivery("EVENTS", version, subject, body))


async def apply(probe: Probe, batch: Sequence[Incoming]) -> int:
    """Apply a batch as the runtime does; return how many repeats were in it."""
    try:
        return await once(probe, batch, patient=False)
    except ContendedError:
        return await once(probe, batch, patient=True)


async def once(probe: Probe, batch: Sequence[Incoming], *, patient: bool) -> int:
    async with probe.outbox.transaction() as tx:
        ordered = await in_order(tx.connection, tables, batch, patient=patient)
        await probe.handle(tx, ordered.ready)
    return ordered.repeats


@pytest.mark.parametrize("seed", range(6))
async def test_every_version_is_applied_once_and_in_order(probe: Probe, seed: int) -> None:
    repeats = sum([await apply(probe, batch) for batch in deliveries(seed)])
    seen: dict[str, list[int]] = defaultdict(list)
    for subject in probe.seen:
        key, version = subject.split(".")
        seen[key].append(int(version))
    assert seen == {f"s{seed}w{key}": list(range(1, VERSIONS + 1)) for key in range(WORK_ORDERS)}
    assert await probe.count(tables.parked) == 0
    assert await probe.count(tables.inbox) == 0, "versions tell what has been applied"
    if in_turn(seed):  # one that comes again while it is parked is not known as a repeat yet
        assert repeats == WORK_ORDERS * VERSIONS // 3


@pytest.mark.parametrize("seed", range(6))
async def test_two_replicas_apply_every_version_once_and_leave_nothing_parked(probe: Probe, seed: int) -> None:
    """Neither of them ever waits for the other in a circle: a deadlock would be an error here."""
    batches = deliveries(seed)

    async def replica(own: Sequence[Sequence[Incoming]]) -> None:
        for batch in own:
            await apply(probe, batch)

    await asyncio.gather(replica(batches[::2]), replica(batches[1::2]))
    assert await probe.count(effects) == WORK_ORDERS * VERSIONS
    assert await probe.count(tables.parked) == 0
    async with probe.engine.connect() as connection:
        applied = (await connection.execute(select(tables.versions.c.version))).scalars().all()
    assert applied == [VERSIONS] * WORK_ORDERS
