"""What stands still: messages that wait, events not told, letters that nobody has dealt with."""

from collections.abc import AsyncIterator

from nats.js.errors import NotFoundError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.doctor.finding import Check, Finding
from shared.doctor.house import House
from shared.service import Service

BACKLOG = Check(
    "backlog",
    "more messages wait for a service than the threshold",
    "See its log; if it works and is only slow, run another replica. `--most-waiting` moves the threshold.",
)
OUTBOX_STUCK = Check(
    "outbox-stuck",
    "a service has not published what it has decided",
    "See its log, and that NATS answers and has room.",
)
PARKED = Check(
    "parked",
    "events wait for an earlier one of the same work order",
    "`yingda replay` publishes it again.",
)
DEAD_LETTERS = Check(
    "dead-letters",
    "messages that nobody could handle lie with the dead letters",
    "`yingda dlq list` says why; mend the cause, then replay or discard them.",
)
CHECKS = (BACKLOG, OUTBOX_STUCK, PARKED, DEAD_LETTERS)


async def look_at_backlogs(house: House) -> AsyncIterator[Finding]:
    """Yield every service that is far behind on its stream."""
    if house.client is None:
        return
    for service in house.services:
        try:
            info = await house.client.jetstream().consumer_info(service.stream.name, service.name)
        except NotFoundError:
            continue  # told with what is provisioned
        waiting = info.num_pending or 0
        if waiting > house.thresholds.most_waiting:
            yield BACKLOG.found(f"{service.name} is behind: {waiting} messages of {service.stream.name} wait for it")


async def look_at_tables(house: House) -> AsyncIterator[Finding]:
    """Yield what the services' own tables tell: events not published, events that wait, dead letters."""
    if house.engine is None:
        return
    for service in house.services:
        async with house.engine.connect() as connection:
            if await connection.scalar(select(func.to_regclass(service.tables.dead_letters.fullname).is_not(None))):
                async for finding in _of_service(connection, service, house):
                    yield finding


async def _of_service(connection: AsyncConnection, service: Service, house: House) -> AsyncIterator[Finding]:
    name, tables = service.name, service.tables
    outbox, parked, letters = tables.outbox, tables.parked, tables.dead_letters
    now = func.clock_timestamp()
    unsent = select(func.extract("epoch", now - func.min(outbox.c.created_at))).where(outbox.c.sent_at.is_(None))
    age = await connection.scalar(unsent)
    if age is not None and age > house.thresholds.outbox_seconds:
        yield OUTBOX_STUCK.found(
            f"{name} has not published an event for {age:.0f} s: see its log, and that NATS has room"
        )
    waiting = await connection.scalar(select(func.extract("epoch", now - func.min(parked.c.parked_at))))
    if waiting is not None and waiting > house.thresholds.parked_seconds:
        yield PARKED.found(
            f"{name} waits {waiting:.0f} s for an earlier event of a work order: `yingda replay` sends it"
        )
    dead = await connection.scalar(select(func.count()).select_from(letters).where(letters.c.state == "open"))
    if dead:
        yield DEAD_LETTERS.found(
            f"{name} has dead letters that nobody has dealt with ({dead}): see `yingda dlq list --service {name}`"
        )
