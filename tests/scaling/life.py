"""What a work order's whole life costs each process: `python -m tests.scaling.life --contacts 2000`.

`yingda bench throughput` ends when a contact is a work order with clocks and a notice. Staff does the rest: answers, brings a
result, signs, confirms, calls back. Here every work order goes that way, command by command, through the contract.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from shared.bench.contacts import Customers, publish
from shared.bench.streams import last_sequence, read, until_quiet
from shared.bench.suite import CLOCK, RunningSuite, running_suite
from shared.bench.usage import resident_mb, until_idle, watching
from shared.bus.streams import EVENTS, STREAMS
from shared.service import installed_services

REPLY_SECONDS = 30.0
SETTLE_SECONDS = 20.0
SLOWEST = 20

Event = Mapping[str, Any]


async def measure(folder: Path, count: int, desks: int) -> dict[str, Any]:
    """Return what opening and what the rest of the life cost, by process; and what both leave behind."""
    waiting = [(one.stream.name, one.consumer.service) for one in installed_services().values()]
    async with running_suite(folder) as suite:
        await until_idle(suite.pid, SETTLE_SECONDS)
        before = await _stored(suite)
        with watching(suite.pid, suite.names) as opening:
            await publish(suite.client, Customers().contacts(count, datetime.fromisoformat(CLOCK)))
            await until_quiet(suite.client, EVENTS.name, waiting, 60 + count / SLOWEST)
        opened = await _stored(suite)
        staff = Staff(suite, desks)
        with watching(suite.pid, suite.names) as handling:
            await staff.live(await staff.opened())
            await until_quiet(suite.client, EVENTS.name, waiting, 60)
        after = await _stored(suite)
        return {
            "contacts": count,
            "desks": desks,
            "opening": {"us": opening.microseconds_per(count), "others_cores": opening.others_cores},
            "handling": {
                "us": handling.microseconds_per(count),
                "others_cores": handling.others_cores,
                "contacts_per_second": round(count / handling.wall_seconds, 1),
                "commands_per_contact": round(sum(staff.answered.values()) / count, 2),
                "refused": dict(staff.refused),
            },
            "opening_leaves": _difference(opened, before, count),
            "life_leaves": _difference(after, before, count),
            "resident_mb": {name: resident_mb(pid) for pid, name in suite.names.items()},
        }


class Staff:
    """Lives each work order's life to its end, as quickly as the services answer."""

    def __init__(self, suite: RunningSuite, desks: int) -> None:
        """`desks` people work side by side: so many commands wait for their answers at most."""
        self._suite = suite
        self._turn = asyncio.Semaphore(desks)
        self.answered: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    async def opened(self) -> list[Event]:
        """Return what the stream tells of the work orders opened so far."""
        return [event["data"] async for event in self._events(0, "yingda.event.workorder.opened")]

    async def live(self, work_orders: list[Event]) -> None:
        """Let all of them be answered, resolved and signed; then confirm, and make the calls that were planned."""
        since = await last_sequence(self._suite.client, EVENTS.name)
        await asyncio.gather(*(self._live(one) for one in work_orders))
        signed = [event["data"] async for event in self._events(since, "yingda.event.workorder.signed")]
        await asyncio.gather(
            *(
                self._do("workorder.confirm", "service-1", work_order_id=one["work_order_id"])
                for one in signed
                if one["confirmation_required"]
            )
        )
        planned = [event["data"] async for event in self._events(since, "yingda.event.callback.scheduled")]
        answer = {"outcome": "reached", "solved": True, "score": 9, "satisfaction": "satisfied"}
        await asyncio.gather(
            *(
                self._do("callback.record", "service-1", callback_id=one["callback_id"], **answer)
                for one in planned
                if one["kind"] == "callback"
            )
        )

    async def _live(self, opened: Event) -> None:
        key, department = opened["work_order_id"], opened["department"]
        if opened["queue"] == "triage":
            wanted = {"category": opened["category"], "topic": opened["topic"]}
            await self._do("workorder.classify", "service-supervisor", work_order_id=key, **wanted)
        agent = f"{department}-1"
        await self._do("workorder.respond", agent, work_order_id=key, audience="customer", text="您好,正在为您处理。")
        await self._do("workorder.resolve", agent, work_order_id=key, outcome="resolved", text="已按您的要求处理完毕。")
        await self._do("workorder.sign", f"{department}-supervisor", work_order_id=key, approve=True)

    async def _do(self, name: str, by: str, /, **fields: Any) -> Any:
        """Send a command; return its result, None where it was refused."""
        async with self._turn:
            number = sum(self.answered.values()) + sum(self.refused.values())
            body = {"command_id": f"life-{number}-{id(fields)}", "by": by, **fields}
            reply = await self._suite.client.request(f"yingda.command.{name}", to_json(body), timeout=REPLY_SECONDS)
        answer = from_json(reply.data)
        if not answer["ok"]:
            self.refused[f"{name}: {answer['error']['title']}"] += 1
            return None
        self.answered[name] += 1
        return answer["result"]

    async def _events(self, after: int, subject: str) -> Any:
        async for stored in read(self._suite.client, EVENTS.name, after):
            if stored.subject == subject:
                yield from_json(stored.body)


async def _stored(suite: RunningSuite) -> dict[str, int]:
    """Return how much the servers hold: messages and bytes of the streams, bytes of the database."""
    held: dict[str, int] = {}
    for stream in STREAMS:
        state = (await suite.client.jetstream().stream_info(stream.name)).state
        held[f"{stream.name.lower()}_messages"], held[f"{stream.name.lower()}_bytes"] = state.messages, state.bytes
    async with suite.database() as connection:
        await connection.execute("CHECKPOINT")
        held["database_bytes"] = await connection.fetchval("SELECT pg_database_size(current_database())")
    return held


def _difference(after: Mapping[str, int], before: Mapping[str, int], count: int) -> dict[str, float]:
    return {name: round((value - before[name]) / count, 2) for name, value in after.items()}


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--contacts", type=int, default=2000)
    options.add_argument("--desks", type=int, default=32)
    wanted = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="yingda-life-") as folder:
        Path(folder).chmod(0o711)
        found = asyncio.run(measure(Path(folder) / "suite", wanted.contacts, wanted.desks))
    sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
