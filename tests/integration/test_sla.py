"""The sla service on real NATS and PostgreSQL: once only, in time, side by side, over restarts (R-SLA-08 to R-SLA-14)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from prometheus_client import generate_latest

from services.sla.app import SERVICE
from services.sla.domain.policies import Policies
from services.sla.handlers.actions import Actions
from services.sla.handlers.watch import Watch
from services.sla.store.clocks import next_moment
from services.sla.store.tables import clocks, subjects
from shared import metrics
from shared.events import (
    SlaBreached,
    SlaEscalated,
    SlaMet,
    SlaResumed,
    SlaStarted,
    SlaWarned,
    WorkorderPaused,
    WorkorderResolved,
    WorkorderResumed,
)
from shared.testing.bench import service_bench
from shared.testing.clock import MONDAY, SetClock
from tests.integration.sla_house import House
from tests.statements import statements
from tests.unit.sla.story import Story, local


@pytest.fixture
async def house(database_url: str, fresh_nats: str) -> AsyncIterator[House]:
    async with service_bench(SERVICE, database_url, fresh_nats, clock=SetClock()) as bench:
        yield House(bench)


async def test_a_work_order_warns_breaches_and_climbs_each_once(house: House) -> None:
    """R-SLA-09, R-SLA-10, R-SLA-14: the marks come in order, with how late they were found."""
    await house.bench.happens(Story().opened(MONDAY))
    assert await house.watch(MONDAY) == MONDAY + timedelta(minutes=15)
    for minutes in (15, 24, 30):
        await house.watch(MONDAY + timedelta(minutes=minutes, seconds=1))
        await house.watch(MONDAY + timedelta(minutes=minutes, seconds=2))
    for hours in (1.5, 25):  # an office hour after the breach; an office day after it is Tuesday 10:30
        await house.watch(MONDAY + timedelta(hours=hours, seconds=1))
    assert await house.verbs("first_response") == [
        "started", "warned", "warned", "breached", "escalated", "escalated", "escalated",
    ]  # fmt: skip
    steps = [m for m in await house.bench.told(SlaEscalated) if m.metric == "first_response"]
    assert [step.step for step in steps] == ["supervisor", "head", "manager"]
    warned = [m for m in await house.bench.told(SlaWarned) if m.metric == "first_response"]
    assert [(w.percent, w.late_seconds, w.used_seconds) for w in warned] == [(50, 1.0, 901), (80, 1.0, 1441)]
    (breached,) = [m for m in await house.bench.told(SlaBreached) if m.metric == "first_response"]
    assert (breached.due_at, breached.late_seconds) == (MONDAY + timedelta(minutes=30), 1.0)


async def test_an_answer_in_time_that_waits_in_the_queue_is_met(house: House) -> None:
    """R-SLA-09: after a restart the watch looks before the queue is empty, and does not judge."""
    story = Story()
    await house.bench.happens(story.opened(MONDAY))
    house.bench.clock.at = MONDAY + timedelta(hours=5)
    await house.bench.publish(story.responded(MONDAY + timedelta(minutes=29)))
    loop = (await house.bench.replica()).parts.loops[0]
    again = await loop.turn()
    assert again == house.bench.clock.at
    assert await house.bench.told(SlaBreached) == []
    await house.bench.consume(1)
    await house.watch(house.bench.clock.at)
    assert (await house.verbs("first_response"))[-1] == "met"
    assert (await house.verbs("resolution"))[-3:] == ["breached", "escalated", "escalated"]


async def test_an_answer_after_the_due_time_is_a_breach_though_nobody_looked(house: House) -> None:
    """R-SLA-09."""
    story = Story()
    await house.bench.happens(story.opened(MONDAY))
    await house.bench.happens(story.responded(MONDAY + timedelta(minutes=30, microseconds=1)))
    await house.watch(MONDAY + timedelta(days=3))
    assert await house.verbs("first_response") == ["started", "breached", "escalated"]


async def test_a_contact_that_arrives_overdue_is_breached_at_once_without_warnings(house: House) -> None:
    """Handbook, section 4."""
    house.bench.clock.at = MONDAY + timedelta(hours=3)
    await house.bench.happens(Story().opened(MONDAY, opened_at=house.bench.clock.at))
    await house.watch(house.bench.clock.at)
    assert (await house.verbs("first_response"))[:3] == ["started", "breached", "escalated"]
    (breached,) = [m for m in await house.bench.told(SlaBreached) if m.metric == "first_response"]
    assert breached.late_seconds == 2.5 * 3600


async def test_the_due_time_after_a_resume_is_exact(house: House) -> None:
    """R-SLA-08: 7 minutes and 41.25 seconds of the target are used, the weekend does not count."""
    friday = local("2026-11-27 16:50")
    story = Story()
    await house.bench.happens(story.opened(friday))
    await house.bench.happens(story.step(WorkorderPaused, friday + timedelta(minutes=7, seconds=41.25)))
    assert await house.watch(friday + timedelta(hours=12)) == friday + timedelta(hours=19, minutes=12)  # progress only
    resumed_at = local("2026-11-30 11:00:00.5")
    await house.bench.happens(story.step(WorkorderResumed, resumed_at))
    resumed = {m.metric: m for m in await house.bench.told(SlaResumed)}
    assert set(resumed) == {"first_response", "resolution"}
    assert resumed["first_response"].due_at == resumed_at + timedelta(minutes=30) - timedelta(minutes=7, seconds=41.25)
    assert resumed["first_response"].used_seconds == 7 * 60 + 41


async def test_redelivered_events_change_nothing(house: House) -> None:
    """R-SLA-09: whatever redeliveries happen."""
    opened = Story().opened(MONDAY)
    messages = await house.bench.happens(opened)
    await house.bench.happens(*messages)
    await house.bench.happens(*messages)
    assert len(await house.bench.told(SlaStarted)) == 3


async def test_two_watches_side_by_side_breach_each_clock_once(house: House) -> None:
    """R-SLA-09: any number of replicas; batches smaller than what is due, so that they contend."""
    await house.bench.happens(*(Story(id=f"w{n}").opened(MONDAY) for n in range(120)))
    house.bench.clock.at = MONDAY + timedelta(hours=30)
    clock, policy = house.bench.clock, house.bench.policy

    def watch() -> Watch:
        outbox = house.bench.new_outbox()
        actions = Actions(outbox, clock, policy, {})
        return Watch(house.bench.engine, outbox, clock, Policies(policy), house.horizon(), actions, batch=40)

    watches = [watch() for _ in range(3)]

    async def work(watch: Watch) -> None:
        while (following := await watch.turn()) is not None and following <= house.bench.clock.at:
            pass

    await asyncio.gather(*map(work, watches))
    breached = Counter(m.clock_id for m in await house.bench.told(SlaBreached))
    assert len(breached) == 360  # first response, resolution, progress update
    assert set(breached.values()) == {1}
    climbed = Counter((m.clock_id, m.step) for m in await house.bench.told(SlaEscalated))
    assert set(climbed.values()) == {1}


async def test_a_handler_and_a_watch_side_by_side_give_one_verdict(house: House) -> None:
    """R-SLA-09: the late answers are applied while the watch breaches the same clocks."""
    stories = [Story(id=f"w{n}") for n in range(60)]
    await house.bench.happens(*(story.opened(MONDAY) for story in stories))
    house.bench.clock.at = MONDAY + timedelta(minutes=45)
    await house.bench.publish(*(story.responded(MONDAY + timedelta(minutes=31)) for story in stories))
    loop = house.bench.parts.loops[0]
    consuming = asyncio.create_task(house.bench.consume(len(stories)))
    while not consuming.done():
        await loop.turn()
    await consuming
    await house.watch(house.bench.clock.at)
    told = [m for m in await house.bench.told(SlaBreached, SlaMet) if m.metric == "first_response"]
    assert Counter(event.TYPE for event in told) == {SlaBreached.TYPE: 60}


async def test_a_result_that_meets_everything_leaves_nothing_to_watch_but_progress(house: House) -> None:
    story = Story()
    await house.bench.happens(story.opened(MONDAY, "after_sales"))
    await house.bench.happens(story.step(WorkorderResolved, MONDAY + timedelta(minutes=5), outcome="resolved"))
    async with house.bench.engine.connect() as connection:
        assert await next_moment(connection) == MONDAY + timedelta(hours=12)
    met = {m.metric for m in await house.bench.told(SlaMet)}
    assert met == {"first_response", "department_response", "resolution"}


async def test_a_batch_costs_the_same_few_statements_whatever_its_size(house: House) -> None:
    counts = []
    await house.bench.happens(
        Story(id="s0").opened(MONDAY)
    )  # from now on each batch marks the last one's events as sent
    for size in (50, 100):
        with statements() as told:
            await house.bench.happens(*(Story(id=f"s{size}-{n}").opened(MONDAY) for n in range(size)))
        counts.append(len(told))
    assert counts[0] == counts[1] > 0
    assert await house.bench.count(subjects) == 151
    assert await house.bench.count(clocks) == 453


async def test_the_gauges_show_what_runs_and_what_is_open(house: House) -> None:
    """R-OB-01."""
    await house.bench.happens(Story().opened(MONDAY))
    await house.watch(MONDAY + timedelta(minutes=31))
    assert house.bench.parts.gauges is not None
    await house.bench.parts.gauges()
    shown = generate_latest(metrics.REGISTRY).decode()
    assert 'yingda_clocks_running{department="market",metric="resolution"} 1.0' in shown
    assert 'metric="first_response"} 1.0' not in [line for line in shown.splitlines() if "clocks_running" in line]
    due = (MONDAY + timedelta(minutes=120)).timestamp()
    assert metrics.CLOCK_NEXT_DUE.labels("resolution", "market")._value.get() == due
    assert metrics.SLA_OBJECTIVE.labels("resolution")._value.get() == 0.95
    assert metrics.CALENDAR_OFFICIAL_DAYS.labels("office")._value.get() == 39
    missed = (MONDAY + timedelta(minutes=30)).timestamp()
    assert metrics.CLOCK_OLDEST_BREACH.labels("first_response", "market")._value.get() == missed
