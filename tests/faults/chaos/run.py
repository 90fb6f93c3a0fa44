"""One run from its plan to its verdict."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.cli.demo.day import START
from shared.clock import SystemClock
from shared.db import create_engine
from shared.rehearsal import shared_clock
from shared.settings import Settings
from tests.faults.chaos.adapter import Adapter, source_id
from tests.faults.chaos.faults import Harm
from tests.faults.chaos.judge import Finding, judge
from tests.faults.chaos.ledger import Ledger
from tests.faults.chaos.messages import read_messages
from tests.faults.chaos.plan import SERVICES, Plan
from tests.faults.chaos.record import Record
from tests.faults.chaos.staff import Staff
from tests.faults.chaos.surroundings import Surroundings, surroundings
from tests.faults.chaos.tail import Tail
from tests.pace import steadily
from tests.polling import NotInTimeError, Rest, until

QUIET_SECONDS: Final = 6.0
"""No new event and nothing in hand for so long: longer than a relay, a redelivery and a restart's pause take."""
PATIENCE_SECONDS: Final = 60.0
"""Without any progress for so long, what is missing does not come any more."""

TELL_SECONDS: Final = 10.0


def quiet(_sentence: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a run."""

    findings: tuple[Finding, ...]
    figures: Mapping[str, Any]
    logs: str


async def run(plan: Plan, *, speed: float, keep: Path | None = None, tell: Callable[[str], None] = quiet) -> Verdict:
    """Carry out `plan` on a suite of its own whose clock runs `speed` times as fast, and judge what came of it."""
    clock_spec = f"{START.isoformat()}@{speed:g}"
    async with surroundings(keep, YINGDA_CLOCK=clock_spec) as around:
        clock = await _clock(around, clock_spec)
        ledger, seen = Ledger(), Record()
        staff = Staff(around.client, plan, ledger, speed)
        adapter = Adapter(around.client, plan, ledger, clock.now)
        harm = Harm(around)

        def see(event: Mapping[str, Any]) -> None:
            seen.see(event)
            staff.see(event)

        tail = Tail(around.client, see)
        following = asyncio.create_task(tail.follow())
        telling = asyncio.create_task(_tell(tell, lambda: _state(seen, staff, adapter, harm, tail)))
        began, real = asyncio.get_running_loop().time(), time.monotonic()
        async with asyncio.TaskGroup() as group:
            group.create_task(adapter.publish(began))
            group.create_task(harm.inflict(plan, began))
        harmed = time.monotonic() - real
        await _progress(seen, lambda: all(seen.opened.get(source_id(n)) for n in range(len(plan.lives))))
        await _progress(seen, lambda: not staff.busy)
        idle = staff.busy
        await staff.finish()
        left = [key for key, order in seen.orders.items() if not order.ended]
        await staff.cancel(left)
        await _progress(seen, lambda: all(order.ended for order in seen.orders.values()) and not seen.running)
        await _quiet(around, seen)
        following.cancel()
        telling.cancel()
        drained = time.monotonic() - real
        record = Record()
        await Tail(around.client, record.see).all()
        messages = await asyncio.to_thread(read_messages, around.data / "messages")
        findings = judge(ledger, record, messages)
        clock_ends = [end for one in record.clocks.values() for end in one.ends.values()]
        figures = {
            "seed": plan.seed,
            "contacts": len(plan.lives),
            "deliveries acknowledged": ledger.acknowledged.total(),
            "publications repeated": adapter.refused,
            "faults": harm.done.total(),
            "faults by kind": dict(sorted(harm.done.items())),
            "seconds of faults": round(harmed),
            "seconds until drained": round(drained),
            "work orders": len(record.orders),
            "events on the stream": record.events,
            "commands acknowledged": sum(asked.done for asked in ledger.commands.values()),
            "commands refused": dict(Counter(asked.refusal for asked in ledger.commands.values() if asked.refusal)),
            "requests repeated": staff.unreached,
            "lives not ended": idle,
            "clocks": len(record.clocks),
            **{f"clocks {kind}": clock_ends.count(kind) for kind in ("met", "breached", "cancelled")},
            "messages": messages.times.total(),
            "messages flagged unknown": sum("unknown" in one.values() for one in record.notices.values()),
            "connections cut": around.nats_link.cuts + around.postgres_link.cuts,
            "megabytes through the proxies": (around.nats_link.carried + around.postgres_link.carried) // 1_000_000,
        }
        return Verdict(tuple(findings), figures, around.log_tails())


async def _tell(tell: Callable[[str], None], state: Callable[[], str]) -> None:
    """Tell now and then how far the run is."""
    began = time.monotonic()
    async for _ in steadily(1 / TELL_SECONDS):
        tell(f"{time.monotonic() - began:.0f} s: {state()}")


def _state(seen: Record, staff: Staff, adapter: Adapter, harm: Harm, tail: Tail) -> str:
    return (
        f"{harm.done.total()} faults, {adapter.published} batches, {tail.last} events, {len(seen.opened)} work orders, "
        f"{len(staff.busy)} at work, {len(seen.running)} of {len(seen.clocks)} clocks running"
    )


async def _clock(around: Surroundings, spec: str) -> SystemClock:
    engine = create_engine(Settings(database_url=around.servers.database_url))
    try:
        async with engine.begin() as connection:
            return await shared_clock(connection, spec)
    finally:
        await engine.dispose()


async def _progress(seen: Record, done: Callable[[], bool]) -> None:
    """Return when `done` holds, or when no event has come for so long that it never will: the judge names what lacks."""
    rest = Rest()
    await until(lambda: done() or rest.seconds(seen.events) > PATIENCE_SECONDS, None, every=0.1)


async def _quiet(around: Surroundings, seen: Record) -> None:
    """Return when every service has finished everything, so that nothing can happen twice any more."""
    jetstream, rest = around.client.jetstream(), Rest()

    async def quiet() -> bool:
        busy = False
        for service in SERVICES:
            info = await jetstream.consumer_info("CONTACTS" if service == "intake" else "EVENTS", service)
            busy |= bool(info.num_pending or info.num_ack_pending)
        return rest.seconds(None if busy else seen.events) >= QUIET_SECONDS

    with suppress(NotInTimeError):  # the judge names what is doubled
        await until(quiet, PATIENCE_SECONDS, every=0.2)
