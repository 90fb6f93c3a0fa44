"""Sla as its own processes on a clock that runs 3600 times as fast: replicas side by side, one of them killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest
from nats.aio.client import Client

from services.sla.app import SERVICE
from shared.bus.publish import Outgoing, Publisher
from shared.bus.streams import EVENTS
from shared.clock import SystemClock
from shared.events import Event, SlaBreached, SlaEscalated, SlaMet, SlaWarned, compose, encode
from shared.rehearsal import shared_clock
from shared.testing.bench import service_bench
from shared.testing.clock import SetClock
from shared.testing.service_process import service_process
from tests.unit.sla.story import Story

REHEARSAL = "2026-11-23T10:00:00+08:00@3600"
COUNT = 100
LATE_SECONDS = 5.0
"""Real time within which every deadline is found on a machine that does other things as well."""


async def publish(client: Client, clock: SystemClock, events: Sequence[Event]) -> None:
    """Let all of `events` be on the stream at the same moment."""
    messages = [compose(e, source="yingda/routing", subject="w", at=clock.now(), traceparent=None) for e in events]
    outgoing = [Outgoing(message.key, message.data.SUBJECT, encode(message)) for message in messages]
    assert await Publisher(client, EVENTS.name).publish(outgoing) == "atomic"


@pytest.mark.timeout(300)  # as long as a busy machine needs
async def test_replicas_on_a_fast_clock_find_every_deadline_once(database_url: str, fresh_nats: str) -> None:
    """R-SLA-09, R-SLA-10, R-SLA-14: half is answered in time; one of two replicas is killed amid the breaches."""
    fast = {"YINGDA_CLOCK": REHEARSAL}
    async with service_bench(SERVICE, database_url, fresh_nats, clock=SetClock()) as bench:
        async with bench.engine.begin() as connection:
            clock = await shared_clock(connection, REHEARSAL)
        async with (
            service_process("sla", database_url, fresh_nats, **fast) as first,
            service_process("sla", database_url, fresh_nats, **fast),
        ):
            now = clock.now()
            stories = [Story(id=f"w{n}") for n in range(COUNT)]
            opened = [story.opened(now, "emergency") for story in stories]
            # With the openings: nine minutes take 0.15 s here, and an answer that is not on the stream in time is late.
            answered = [story.responded(now + timedelta(minutes=9)) for story in stories[::2]]
            await publish(bench.client, clock, [*opened, *answered])
            await bench.heard(SlaBreached)
            first.kill()
            # A day later every progress report is due, and those who answered have 24 hours from then.
            await bench.heard(SlaBreached, count=COUNT, where=lambda breach: breach.metric == "progress_update")
        told = await bench.told(SlaMet, SlaBreached)
        verdicts = Counter((event.subject_id, event.metric, event.cycle) for event in told)
        assert set(verdicts.values()) == {1}
        first_responses = [event for event in told if event.metric == "first_response"]
        assert Counter(type(event) for event in first_responses) == {SlaMet: COUNT // 2, SlaBreached: COUNT // 2}
        for marked in await bench.told(SlaWarned):
            assert marked.percent in {50, 80}
        marks = Counter((e.clock_id, e.percent) for e in await bench.told(SlaWarned))
        steps = Counter((e.clock_id, e.step) for e in await bench.told(SlaEscalated))
        assert set(marks.values()) == set(steps.values()) == {1}
        late = max(event.late_seconds for event in (await bench.told(SlaBreached))[-COUNT:])
        assert late / clock.speed < LATE_SECONDS
