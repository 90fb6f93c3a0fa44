"""A working day under these users: whatever the running suite does on NATS and in PostgreSQL is allowed to it."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nats.aio.msg import Msg
from pydantic_core import from_json, to_json

from shared.bus.publish import Outgoing, Publisher
from shared.bus.streams import CONTACTS
from shared.cli.demo.day import START, arrivals
from shared.cli.demo.staff import Staff
from shared.clock import Rehearsal, SystemClock, sleep_until
from shared.db import create_engine
from shared.permissions import DESK, OPERATIONS, adapter
from shared.rehearsal import shared_clock
from shared.times import rfc3339
from tests.polling import NotInTimeError, until
from tests.privilege.guarded import Guarded
from tests.privilege.processes import Processes

CLOCK = f"{START.isoformat()}@60"
"""The services' own: office hours, whenever the test runs."""
STAFF_SPEED = 1500
UNTIL, LATEST = START + timedelta(hours=3), START + timedelta(days=2)
"""People and channels live faster, and only once the services are ready: these come until then, and those work on until all
has happened, however long the services take."""
WANTED = {
    *("contact.registered", "contact.rejected", "workorder.opened", "workorder.responded", "workorder.resolved"),
    *("workorder.signed", "sla.started", "sla.met", "notification.sent", "callback.scheduled"),
}
"""Each service has told something by then, and acted on what the others told."""
COMMANDS = {
    "reconcile": ("reconcile", "--json"),
    "report": ("report", "list"),
    "list": ("dlq", "list"),
    "replay": ("replay", "--since", "1h"),
    "backup": ("backup", "backup"),
    "doctor": ("doctor",),
}


@pytest.mark.timeout(600)
async def test_a_day_of_mixed_load_needs_nothing_that_is_not_allowed(house: Guarded, tmp_path: Path) -> None:
    refused, denied = len(house.nats.violations()), _denied(house)
    processes = Processes(house, tmp_path, CLOCK)
    begun = await processes.yingda("provision", "--begin-rehearsal")
    assert begun.code == 0, begun.out
    told: Counter[str] = Counter()
    async with processes.suite(), house.speaker(DESK) as desk:
        clock = SystemClock(Rehearsal(START, STAFF_SPEED), datetime.now(UTC))
        staff = Staff(desk.client, clock, 1, LATEST)

        async def see(message: Msg) -> None:
            told[message.subject.removeprefix("yingda.event.")] += 1
            await staff.see(message)

        await desk.client.subscribe("yingda.event.>", cb=see)
        working = asyncio.create_task(staff.work())
        await _contacts(house, clock, await _services_clock(house))
        with suppress(NotInTimeError):
            await until(lambda: set(told) >= WANTED or working.done(), 150)
        working.cancel()
        await asyncio.wait([working])
        assert working.cancelled() or working.exception() is None, working.exception()
        data = "--data", str(tmp_path)
        outcomes = {name: await processes.yingda(*command, *data) for name, command in COMMANDS.items()}
    assert WANTED - set(told) == set()
    assert staff.commands > 0
    assert house.nats.violations()[refused:] == []
    assert _denied(house)[len(denied) :] == []
    assert desk.refusals == []
    found = [line for line in outcomes.pop("doctor").out.splitlines() if not line.startswith("warning: ")]
    assert all("dead letters" in line for line in found), found
    assert {name: one for name, one in outcomes.items() if one.code != 0} == {}


async def _contacts(house: Guarded, clock: SystemClock, services: SystemClock) -> None:
    """Publish the day's contacts, each as the adapter of its channel, and a batch at once."""
    never = asyncio.Event()
    morning = [arrival for arrival in arrivals() if arrival.at < UNTIL]
    async with AsyncExitStack() as stack:
        publishers = {
            channel: Publisher((await stack.enter_async_context(house.speaker(adapter(channel)))).client, CONTACTS.name)
            for channel in sorted({arrival.channel for arrival in morning})
        }
        for arrival in morning:
            await sleep_until(clock, arrival.at, never)
            subject = f"yingda.contact.received.{arrival.channel}"
            one = Outgoing(arrival.message_id, subject, _now(arrival.body, services))
            await publishers[arrival.channel].publish([one])
        web = [arrival for arrival in morning if arrival.channel == "web"]
        again = [Outgoing(f"{one.message_id}/again", "yingda.contact.received.web", one.body) for one in web]
        assert await publishers["web"].publish(again) == "atomic"


def _now(body: bytes, clock: SystemClock) -> bytes:
    """Return the contact as one that occurs now."""
    envelope = from_json(body)
    if "occurred_at" in envelope["data"]:
        envelope["data"]["occurred_at"] = envelope["time"] = rfc3339(clock.now())
    return to_json(envelope)


async def _services_clock(house: Guarded) -> SystemClock:
    engine = create_engine(house.settings(OPERATIONS))
    try:
        async with engine.begin() as connection:
            return await shared_clock(connection, CLOCK)
    finally:
        await engine.dispose()


def _denied(house: Guarded) -> list[str]:
    """Return what PostgreSQL has refused so far."""
    log = (house.postgres.data_dir / "postgres.log").read_text(encoding="utf-8")
    return [line for line in log.splitlines() if "denied" in line or "must be owner" in line]
