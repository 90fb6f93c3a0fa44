"""Guarantee 6: contacts = work orders + rejected + dead letters + in flight at every stage, and a difference names the ids.

Real servers and processes. What is to be found is deleted behind the services' backs; what is expected was written down
by the test.
"""

import asyncio
import itertools
import json
import re
import sys
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import create_engine
from shared.settings import Settings
from tests.e2e.suite import Suite, contact, running_suite
from tests.pace import lasts
from tests.polling import until

CONTACTS = 120
UNREADABLE = 3
GRACE_SECONDS = 1
AN_HOUR_LATER = "UPDATE intake.reconciliations SET due_at = now() WHERE kind = 'hourly' AND ended_at IS NULL"
STAGES = ("received", "workorders", "clocks", "notices", "cases")
_DIFFERENCE = re.compile(r'^yingda_reconciliation_difference\{stage="(\w+)"\} (\S+)$', re.MULTILINE)


@dataclass
class House:
    """A suite, its database, and what was taken out of it."""

    suite: Suite
    engine: AsyncEngine
    taken: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    async def execute(self, statement: str) -> None:
        async with self.engine.begin() as connection:
            await connection.execute(text(statement))

    async def take(self, table: str, where: str, **given: Any) -> None:
        """Delete rows so that they can be put back."""
        kept = f"public.kept_{next(self.numbers)}"
        async with self.engine.begin() as connection:
            await connection.execute(text(f"CREATE TABLE {kept} AS SELECT * FROM {table} WHERE false"))
            moved = (
                f"WITH gone AS (DELETE FROM {table} WHERE {where} RETURNING *) INSERT INTO {kept} SELECT * FROM gone"
            )
            assert (await connection.execute(text(moved), given)).rowcount > 0
        self.taken.append(f"INSERT INTO {table} SELECT * FROM {kept}")

    async def put_back(self) -> None:
        async with self.engine.begin() as connection:
            for statement in self.taken:
                await connection.execute(text(statement))
        self.taken.clear()

    async def reconcile(self, *more: str) -> tuple[int, dict[str, Any]]:
        """Run `yingda reconcile`; return its exit code and what it tells as JSON."""
        command = (
            sys.executable,
            "-m",
            "shared.cli.main",
            "reconcile",
            "--json",
            "--data",
            str(self.suite.data),
            *more,
        )
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        told, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, json.loads(told) if told.startswith(b"{") else {}

    async def differences(self) -> dict[str, float]:
        """Return what intake's metric tells, by stage."""

        def scraped() -> str:
            with urllib.request.urlopen(self.suite.endpoints["metrics"]["intake"], timeout=30) as reply:
                told: str = reply.read().decode()
                return told

        return {stage: float(value) for stage, value in _DIFFERENCE.findall(await asyncio.to_thread(scraped))}

    async def until_differences(self, holds: Callable[[dict[str, float]], bool], seconds: float) -> None:
        async def held() -> bool:
            return holds(await self.differences())

        await until(held, seconds, every=0.5, said="the metrics tell so")

    async def work_order(self, number: int) -> tuple[str, str]:
        """Return the ids of the contact that was published under that number, and of its work order."""
        event = await self.suite.event("workorder.opened", source_id=f"web/shop/r{number}")
        return event["data"]["contact_id"], event["data"]["work_order_id"]


@asynccontextmanager
async def house(**env: str) -> AsyncIterator[House]:
    async with running_suite(**env) as suite:
        engine = create_engine(Settings(database_url=suite.endpoints["database_url"]))
        try:
            yield House(suite, engine)
        finally:
            await engine.dispose()


async def load(suite: Suite, count: int) -> None:
    """Publish contacts, every third of them twice, and some that nobody can read."""
    for number in range(count):
        body = contact(customer={"name": "王芳", "phone": f"1390000{number:04d}"})
        await suite.publish(body, message_id=f"r{number}")
        if number % 3 == 0:
            await suite.publish(body, message_id=f"r{number}")
    for number in range(UNREADABLE):
        await suite.client.jetstream().publish("yingda.contact.received.web", b"{nonsense %d" % number)


def by_stage(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {stage["stage"]: stage for stage in told["run"]["stages"]}


def told_missing(suite: Suite) -> set[tuple[str, str]]:
    """Return what intake's log says is missing, by stage and name."""
    log = (suite.data / "logs" / "intake.log").read_text().split("\n")[:-1]  # whole lines
    told = [json.loads(line) for line in log if '"something is missing"' in line]
    return {(line["stage"], name) for line in told for name in line["ids"]}


def named(told: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one["stage"], one["name"]) for one in told["differences"]}


@pytest.mark.timeout(480)
async def test_a_row_that_is_missing_at_any_stage_is_found_within_the_hour_and_named() -> None:
    async with house(YINGDA_RECONCILE_GRACE_SECONDS=str(GRACE_SECONDS)) as here:
        suite = here.suite
        await load(suite, CONTACTS)
        await suite.until(lambda _: len(suite.all("workorder.opened")) == CONTACTS, 60)
        code, calm = await here.reconcile()
        stages = by_stage(calm)
        assert code == 0
        assert calm["run"]["settled"]
        assert named(calm) == set()
        messages = CONTACTS + CONTACTS // 3 + UNREADABLE
        assert (stages["received"]["checked"], stages["received"]["rejected"]) == (messages, UNREADABLE)
        assert {stage: stages[stage]["found"] for stage in STAGES[1:]} == dict.fromkeys(STAGES[1:], CONTACTS)
        for stage in stages.values():
            assert stage["checked"] == sum(
                stage[one] for one in ("found", "rejected", "dead_letters", "in_flight", "difference")
            )

        await suite.publish(contact(customer={"name": "李雷", "phone": "13911110000"}), message_id="r900")
        last = (await suite.client.jetstream().stream_info("CONTACTS")).state.last_seq
        orders = {number: await here.work_order(number) for number in (*range(1, 6), 900)}
        expected = {
            ("received", f"CONTACTS/{last}"),
            ("workorders", orders[1][0]),
            ("clocks", orders[2][1]),
            ("clocks", orders[3][1]),
            ("notices", orders[4][1]),
            ("cases", orders[5][1]),
        }
        await here.take("intake.contacts", "source_id = 'web/shop/r900'")
        await here.take("routing.work_orders", "id = :id", id=orders[1][1])
        await here.take("sla.clocks", "owner = :id AND metric = 'first_response'", id=orders[2][1])
        await here.take("sla.versions", "work_order_id = :id", id=orders[3][1])
        await here.take("notify.notifications", "work_order_id = :id AND purpose = 'accepted'", id=orders[4][1])
        await here.take("feedback.cases", "work_order_id = :id", id=orders[5][1])
        await lasts(1.5 * GRACE_SECONDS)  # after which a contact is in flight no more
        await here.execute(AN_HOUR_LATER)  # and nobody asks
        await here.until_differences(lambda found: all(found.get(stage) for stage in STAGES), 90)
        assert await here.differences() == {"received": 1, "workorders": 1, "clocks": 2, "notices": 1, "cases": 1}
        await until(lambda: len(told_missing(suite)) >= len(expected), 30)  # the log tells after the books are closed
        assert told_missing(suite) == expected
        code, found = await here.reconcile()
        assert code == 1
        assert named(found) == expected
        assert {(stage, name) for stage, one in by_stage(found).items() for name in one["missing"]} == expected

        await here.put_back()
        assert await here.reconcile() == (0, {**(await here.reconcile("--last"))[1], "differences": []})
        await here.until_differences(lambda one: not any(one.values()), 60)

        await here.take("feedback.cases", "work_order_id = :id", id=orders[1][1])
        place = f"cases:{orders[1][1]}"
        assert (await here.reconcile())[0] == 1
        assert (await here.reconcile("--settle", place, "--reason", "deleted by hand", "--by", "service-1"))[0] == 1
        assert (await here.reconcile("--settle", place, "--reason", "deleted by hand"))[0] == 0
        code, settled = await here.reconcile()
        assert (code, named(settled)) == (0, set()), "what somebody has settled is told no more"


@pytest.mark.slow_faults
@pytest.mark.timeout(300)
async def test_what_is_on_its_way_is_in_flight_and_no_difference() -> None:
    """A service that is far behind has lost nothing; what it lacks is judged once it has caught up."""
    async with house() as here:
        await load(here.suite, 10)
        assert (await here.reconcile())[0] == 0
        async with here.engine.begin() as connection:
            await connection.execute(text("LOCK TABLE sla.clocks IN SHARE MODE"))  # to be read, but not written
            await here.suite.publish(contact(), message_id="r500")
            await here.work_order(500)
            code, behind = await here.reconcile()
            assert code == 0
            assert not behind["run"]["settled"]
            assert by_stage(behind)["clocks"]["in_flight"] == 1
        code, after = await here.reconcile()
        assert (code, after["run"]["settled"]) == (0, True)
        assert by_stage(after)["clocks"] | {"missing": []} == {
            **by_stage(after)["cases"],
            "stage": "clocks",
        }
