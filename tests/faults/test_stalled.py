"""Guarantee 5: a watcher, relay, consumer or whole process that stands still is noticed by another within 60 s.

Nothing is simulated: a real suite, one process stopped by SIGSTOP, one killed, and three whose part waits for a lock
that another session holds on the table that it needs. The judge is what the other processes export.
"""

import asyncio
import json
import os
import re
import signal
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import create_engine
from shared.heartbeat import STALLED_SECONDS
from shared.monitoring.alerts import ALERTS
from shared.settings import Settings
from tests.e2e.suite import Suite, contact, running_suite
from tests.polling import until

NOTICED_SECONDS = 60.0
_AGE = re.compile(r'^yingda_heartbeat_age_seconds\{part="(.+)",service="(.+)"\} (\S+)$', re.MULTILINE)
Place = tuple[str, str]


async def ages(suite: Suite, observer: str) -> dict[Place, float]:
    """Return what `observer` exports: seconds by service and part."""

    def scraped() -> str:
        with urllib.request.urlopen(suite.endpoints["metrics"][observer], timeout=10) as reply:
            told: str = reply.read().decode()
            return told

    return {(service, part): float(value) for part, service, value in _AGE.findall(await asyncio.to_thread(scraped))}


async def alerting(suite: Suite, observers: list[str]) -> set[Place]:
    """Return the places for which the alert's expression holds: the maximum over all that can be scraped."""
    rule = next(alert for alert in ALERTS if alert.name == "YingdaStandsStill")
    found = re.match(r"max by \(service, part\) \(yingda_heartbeat_age_seconds\) > ([0-9.]+)\n", rule.expr)
    assert found is not None
    told = [await ages(suite, observer) for observer in observers]
    return {place for one in told for place, seconds in one.items() if seconds > float(found[1])}


async def until_told(suite: Suite, observers: list[str], places: set[Place]) -> dict[Place, float]:
    """Return after how many seconds each of `places` was alerting, as soon as all are; fail after a minute."""
    began, noticed = time.monotonic(), dict[Place, float]()

    async def all_noticed() -> bool:
        for place in await alerting(suite, observers) - noticed.keys():
            noticed[place] = time.monotonic() - began
        return not places - noticed.keys()

    await until(all_noticed, NOTICED_SECONDS, every=0.5, said=f"all of {places} are noticed")
    return noticed


def told_in_logs(suite: Suite, service: str, event: str) -> list[dict[str, Any]]:
    lines = (suite.data / "logs" / f"{service}.log").read_text().splitlines()
    return [line for line in map(json.loads, (one for one in lines if one.startswith("{"))) if line["event"] == event]


async def all_advance(suite: Suite) -> bool:
    if await alerting(suite, ["intake", "routing", "sla", "notify", "feedback"]):
        return False
    again, still = (told_in_logs(suite, "intake", event) for event in ("advances again", "stands still"))
    return len(again) >= len(still)


@asynccontextmanager
async def locked(engine: AsyncEngine, *tables: str) -> AsyncIterator[None]:
    """Hold a lock on `tables` that lets nobody read them, as a forgotten session or a migration does."""
    async with engine.begin() as connection:
        for table in tables:
            await connection.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield


async def in_hand(suite: Suite, service: str) -> None:
    """Return when the service's consumer has taken messages that it has not acknowledged."""
    jetstream = suite.client.jetstream()

    async def taken() -> bool:
        return bool((await jetstream.consumer_info("EVENTS", service)).num_ack_pending)

    await until(taken, 20)


async def heard_of(suite: Suite, observer: str, place: Place) -> None:
    """Return when `observer` has heard `place`: who was never heard is not missed."""

    async def heard() -> bool:
        return place in await ages(suite, observer)

    await until(heard, 20, every=0.5)


@pytest.mark.slow_faults
@pytest.mark.timeout(300)
async def test_whatever_stands_still_is_noticed_by_the_others_within_a_minute_and_so_is_its_end() -> None:
    async with running_suite() as suite:
        engine = create_engine(Settings(database_url=suite.endpoints["database_url"]))
        killed, stopped = suite.endpoints["pids"]["intake"], suite.endpoints["pids"]["notify"]
        await suite.publish(contact())
        await suite.event("workorder.opened")
        for observer in ("routing", "sla", "feedback"):
            await heard_of(suite, observer, ("intake", "relay"))
        os.kill(killed, signal.SIGKILL)  # replaced at once, and so nothing stands still
        await suite.replaced("intake", killed)
        await heard_of(suite, "intake", ("notify", "sender"))
        try:
            async with locked(engine, "feedback.versions"):
                await suite.publish(contact())
                await suite.until(lambda _: len(suite.all("workorder.opened")) == 2)
                await in_hand(suite, "feedback")
                async with locked(engine, "sla.clocks"), locked(engine, "routing.outbox"):
                    os.kill(stopped, signal.SIGSTOP)
                    places = {
                        ("notify", "process"),
                        ("notify", "sender"),
                        ("feedback", "consumer"),
                        ("sla", "watch"),
                        ("routing", "relay"),
                    }
                    noticed = await until_told(suite, ["intake"], places)
                    assert max(noticed.values()) < NOTICED_SECONDS
                    assert min(noticed.values()) > STALLED_SECONDS / 2, "nothing is told of what only takes a moment"
                    for observer in ("routing", "sla", "feedback"):
                        heard = await ages(suite, observer)
                        others = {place for place in places if place[0] != observer}
                        assert {place for place in others if heard[place] >= STALLED_SECONDS} == others, observer
        finally:
            os.kill(stopped, signal.SIGCONT)
        await until(partial(all_advance, suite), 30, every=0.5)
        lines = told_in_logs(suite, "intake", "stands still")
        assert len({(line["of"], line["part"]) for line in lines}) == len(lines), "each stall is told once"
        assert {("feedback", "consumer"), ("sla", "watch"), ("routing", "relay"), ("notify", "process")} <= {
            (line["of"], line["part"]) for line in lines
        }
        for observer in ("routing", "sla", "feedback"):
            assert not [line for line in told_in_logs(suite, observer, "stands still") if line["of"] == "intake"]
            assert [line for line in told_in_logs(suite, observer, "process replaced") if line["of"] == "intake"]
        await engine.dispose()
