"""Telephone calls on real servers: recorded, judged, counted per agent, the answer rate published (R-IN-10)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.intake import store
from shared import metrics
from shared.events.commands import CountCalls
from tests.integration.intake_house import Intake, envelope, form, intake_house

DAY = {"first_day": "2026-11-23", "last_day": "2026-11-23"}


@pytest.fixture
async def intake(database_url: str, fresh_nats: str) -> AsyncIterator[Intake]:
    async with intake_house(database_url, fresh_nats) as ready:
        yield ready


def count(counter: Any, label: str) -> float:
    value: float = counter.labels(label)._value.get()
    return value


async def counts(intake: Intake, **asked: Any) -> dict[str, Any]:
    reply = await intake.command(CountCalls, **DAY | asked)
    assert reply["ok"], reply
    result: dict[str, Any] = reply["result"]
    return result


async def test_a_call_is_told_with_its_figures_and_counted(intake: Intake) -> None:
    """R-IN-10: each limit exceeded is counted; a contact that is no call has none."""
    before = {limit: count(metrics.CALL_LIMITS_EXCEEDED, limit) for limit in ("rings", "hold", "call")}
    answered = count(metrics.CALLS, "answered")
    (told,) = await intake.receives(
        form(
            agent_id="service-1",
            duration_seconds="10:01",
            call={"rings": 2, "hold_seconds": 61, "unresolved": True, "callback_declined": True},
        ),
        channel="phone",
    )
    (written,) = await intake.receives(form())
    assert told.call is not None
    assert (told.call.exceeded, told.call.unresolved, told.call.callback_declined) == (("hold", "call"), True, True)
    assert (told.agent_id, told.duration_seconds) == ("service-1", 601)
    assert written.call is None
    after = {limit: count(metrics.CALL_LIMITS_EXCEEDED, limit) for limit in before}
    assert {limit: after[limit] - before[limit] for limit in before} == {"rings": 0, "hold": 1, "call": 1}
    assert count(metrics.CALLS, "answered") - answered == 1


async def test_a_missed_call_is_recorded_and_lowers_the_published_rate(intake: Intake) -> None:
    """R-IN-10: target 100 %."""
    missed = count(metrics.CALLS, "missed")
    told, *_ = await intake.receives(
        {"occurred_at": "2026-11-23T10:00:00+08:00", "customer": {"phone": "13800138000"}, "call": {"missed": True}},
        form(agent_id="service-1"),
        form(agent_id="service-1", call={"rings": 4}),
        form(agent_id="service-2"),
        channel="phone",
    )
    assert told.call is not None
    assert told.call.missed
    assert told.personal.text == "未接来电，请回电。"
    assert await intake.bench.count(store.contacts) == 4
    assert count(metrics.CALLS, "missed") - missed == 1
    assert intake.bench.parts.gauges is not None
    await intake.bench.parts.gauges()
    assert metrics.CALL_ANSWER_RATE._value.get() == 0.75
    assert metrics.CALL_ANSWER_RATE_TARGET._value.get() == 1
    found = await counts(intake)
    none = dict.fromkeys(("rings", "introduction", "hold", "call"), 0)
    assert found["agents"] == [
        {"agent_id": None, "calls": 1, "answered": 0, "missed": 1, "answer_rate": 0, "exceeded": none},
        {
            "agent_id": "service-1",
            "calls": 2,
            "answered": 2,
            "missed": 0,
            "answer_rate": 1,
            "exceeded": none | {"rings": 1},
        },
        {"agent_id": "service-2", "calls": 1, "answered": 1, "missed": 0, "answer_rate": 1, "exceeded": none},
    ]
    assert (found["total"]["calls"], found["total"]["answer_rate"], found["answer_rate_target"]) == (4, 0.75, 1)


async def test_calls_are_counted_by_the_local_day(intake: Intake) -> None:
    """R-IN-10: 23:59 in Shanghai is that day, whatever day it is in UTC; without a call nobody was left waiting."""
    await intake.receives(
        form(occurred_at="2026-11-22T23:59:00+08:00"), form(occurred_at="2026-11-22T16:00:00Z"), channel="phone"
    )
    assert (await counts(intake))["total"]["calls"] == 1
    assert (await counts(intake, first_day="2026-11-22"))["total"]["calls"] == 2
    assert (await counts(intake, agent_id="service-1"))["total"] == {
        "calls": 0,
        "answered": 0,
        "missed": 0,
        "answer_rate": 1,
        "exceeded": {"rings": 0, "introduction": 0, "hold": 0, "call": 0},
    }
    reply = await intake.command(CountCalls, first_day="2026-11-23", last_day="2026-11-22")
    assert reply["error"]["errors"][0]["field"] == "last_day"
    assert (await intake.command(CountCalls, by="stranger", **DAY))["error"]["status"] == 403


async def test_a_call_delivered_again_counts_once_and_replicas_add_up(intake: Intake) -> None:
    """R-IN-06, R-IN-10"""
    bodies = [envelope(f"c{n}", form(agent_id=f"service-{n % 2}", call={"rings": n % 7})) for n in range(60)]
    await intake.publish(*bodies, channel="phone")
    messages = await intake.bench.fetch(60)
    await asyncio.gather(
        *((intake.bench, intake.other)[n % 2].process(messages[n * 10 : n * 10 + 10]) for n in range(6))
    )
    await intake.publish(bodies[0], channel="phone")
    await intake.bench.consume(1)
    async with intake.bench.engine.begin() as connection:
        await connection.execute(store.runtime.inbox.delete())
    await intake.publish(bodies[1], channel="phone")
    await intake.bench.consume(1)
    total = (await counts(intake))["total"]
    assert (total["calls"], total["exceeded"]["rings"]) == (60, sum(n % 7 > 3 for n in range(60)))
