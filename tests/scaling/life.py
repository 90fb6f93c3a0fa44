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
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from shared.bench.contacts import Customers, publish
from shared.bench.streams import read, until_quiet
from shared.bench.suite import CLOCK, RunningSuite, running_suite
from shared.bench.usage import resident_mb, until_idle, watching
from shared.bus.streams import EVENTS, STREAMS
from shared.service import installed_services

REPLY_SECONDS = 30.0
SETTLE_SECONDS = 20.0
SLOWEST = 20

Event = Mapping[str, Any]

STEPS: dict[str, tuple[str, Callable[[Event], bool]]] = {
    "workorder.classify": ("workorder.opened", lambda opened: opened["queue"] == "triage"),
    "workorder.respond": ("workorder.opened", lambda _: True),
    "workorder.resolve": ("workorder.responded", lambda _: True),
    "workorder.sign": ("workorder.resolved", lambda _: True),
    "workorder.confirm": ("workorder.signed", lambda signed: signed["confirmation_required"]),
    "callback.record": ("callback.scheduled", lambda scheduled: scheduled["kind"] == "callback"),
}
"""The commands of a life in their order, and the event that each is the answer to."""
_WORDS: dict[str, dict[str, Any]] = {
    "workorder.respond": {"audience": "customer", "text": "您好,正在为您处理。"},
    "workorder.resolve": {"outcome": "resolved", "text": "已按您的要求处理完毕。"},
    "workorder.sign": {"approve": True},
    "callback.record": {"outcome": "reached", "solved": True, "score": 9, "satisfaction": "satisfied"},
}
PASSING = ("outbox", "inbox", "commands", "parked")
"""Tables whose rows go with the messages, after `YINGDA_KEEP_DAYS`; the others are records."""
_TABLES = "SELECT relname, pg_total_relation_size(relid) AS bytes FROM pg_stat_user_tables"


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
        steps: dict[str, Any] = {}
        for name in STEPS:
            some = await staff.due(name)
            answered = staff.answered.total()
            with watching(suite.pid, suite.names) as usage:
                await asyncio.gather(*(staff.do(name, one) for one in some))
                await until_quiet(suite.client, EVENTS.name, waiting, 60)
            done = staff.answered.total() - answered
            steps[name] = {
                "for_each_contact": round(done / count, 2),
                "us": usage.microseconds_per(max(done, 1)),
                "others_cores": usage.others_cores,
                "per_second": round(done / usage.wall_seconds, 1),
            }
        after = await _stored(suite)
        return {
            "contacts": count,
            "desks": desks,
            "opening": {"us": opening.microseconds_per(count), "others_cores": opening.others_cores},
            "commands": steps,
            "handling_us": _summed(steps),
            "refused": dict(staff.refused),
            "opening_leaves": _difference(opened, before, count),
            "life_leaves": _difference(after, before, count),
            "resident_mb": {name: resident_mb(pid) for pid, name in suite.names.items()},
        }


def _summed(steps: Mapping[str, Any]) -> dict[str, int]:
    """Return what all commands of one contact cost, by process."""
    total: Counter[str] = Counter()
    for step in steps.values():
        for name, cost in step["us"].items():
            total[name] += round(cost * step["for_each_contact"])
    return dict(total.most_common())


class Staff:
    """The people who bring work orders to their end, as quickly as the services answer."""

    def __init__(self, suite: RunningSuite, desks: int) -> None:
        """`desks` people work side by side: so many commands wait for their answers at most."""
        self._suite = suite
        self._turn = asyncio.Semaphore(desks)
        self.answered: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    async def due(self, name: str) -> list[Event]:
        """Return what the stream tells of, to which the command `name` is the answer."""
        subject, wanted = STEPS[name]
        found = [event["data"] async for event in self._events(0, f"yingda.event.{subject}")]
        return [data for data in found if wanted(data)]

    async def do(self, name: str, event: Event) -> None:
        """Send the command `name` about what `event` tells of, as the person whose turn it is."""
        department = event["department"]
        by, fields = {
            "workorder.classify": ("service-supervisor", ("category", "topic")),
            "workorder.respond": (f"{department}-1", ()),
            "workorder.resolve": (f"{department}-1", ()),
            "workorder.sign": (f"{department}-supervisor", ()),
            "workorder.confirm": ("service-1", ()),
            "callback.record": ("service-1", ()),
        }[name]
        about = "callback_id" if name == "callback.record" else "work_order_id"
        body = {about: event[about], **{field: event[field] for field in fields}, **_WORDS.get(name, {})}
        if "text" in body:  # no two people write the same
            body["text"] += f"编号{event['number']},{event['work_order_id'][-6:]}。"
        await self._do(name, by, **body)

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
    """Return how much the servers hold: messages and bytes of the streams, bytes of the tables."""
    held = {"passing_bytes": 0, "records_bytes": 0}
    for stream in STREAMS:
        state = (await suite.client.jetstream().stream_info(stream.name)).state
        held[f"{stream.name.lower()}_messages"], held[f"{stream.name.lower()}_bytes"] = state.messages, state.bytes
    async with suite.database() as connection:
        for row in await connection.fetch(_TABLES):
            held["passing_bytes" if row["relname"] in PASSING else "records_bytes"] += row["bytes"]
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
