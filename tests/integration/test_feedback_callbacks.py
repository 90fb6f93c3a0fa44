"""Callbacks on real NATS and PostgreSQL: scheduled, listed, attempted, completed, withdrawn."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from shared import metrics
from shared.events import CallbackAttempted, CallbackCompleted, CallbackScheduled, SurveyIssued
from shared.policy import load_policy
from tests.unit.feedback.bench import Bench, bench
from tests.unit.feedback.builders import MONDAY, Life, local


@pytest.fixture
async def desk(database_url: str, fresh_nats: str) -> AsyncIterator[Bench]:
    async with bench(database_url, fresh_nats) as ready:
        yield ready


async def test_an_approved_result_is_a_call_to_make(desk: Bench) -> None:
    """R-FB-01, R-SLA-05, R-FB-07: the script speaks to the customer, the phone is there, the trace goes on."""
    life = Life("w1")
    await desk.tell(*life.approved())
    (scheduled,) = await desk.service.told(CallbackScheduled)
    assert (scheduled.kind, scheduled.script, scheduled.due_at) == (
        "callback",
        "complaint_after_sales",
        MONDAY + timedelta(hours=24),
    )
    (item,) = (await desk.done("callback.list"))["callbacks"]
    assert item["callback_id"] == scheduled.callback_id
    assert item["due_at"] == item["next_at"] == "2026-11-24T02:00:00Z"
    assert item["phone"] == "13800138000"
    assert "王女士，您好！我是客服中心的陈雨桐。" in item["script_text"]
    assert "XR20261123w1" in item["script_text"]
    assert "{" not in item["script_text"]
    assert item["attempts"] == []
    messages = await desk.messages()
    assert {message.trace_id for message in messages} == {"a" * 32}


async def test_the_script_speaks_the_customers_language_and_knows_the_holiday(desk: Bench) -> None:
    """R-FB-07, R-IN-11."""
    english = Life("w2")
    smith = english.contact(locale="en-US", personal={"name": "John Smith", "honorific": "Mr"})
    await desk.tell(*Life("w1").approved(), smith, english.opened(), english.resolved(), english.signed())
    desk.service.clock.at = local("2026-10-01 10:00")
    holiday = load_policy().holiday(desk.service.clock.at.date())
    assert holiday is not None
    texts = {i["work_order_id"]: i["script_text"] for i in (await desk.done("callback.list"))["callbacks"]}
    assert f"值此{holiday.name.zh}假期" in texts["w1"]
    assert "Hello, Mr Smith! This is 陈雨桐 from Customer Service." in texts["w2"]
    assert f"Our best regards to you on {holiday.name.en}." in texts["w2"]


async def test_only_those_who_may_call_see_the_customer(desk: Bench) -> None:
    """R-RT-07: the others see that the call is open, but neither phone nor texts."""
    await desk.tell(*Life("w1").approved())
    (item,) = (await desk.done("callback.list", "market-1"))["callbacks"]
    assert (item["phone"], item["script_text"], item["problem"], item["resolution"]) == (None, None, None, None)
    assert (await desk.refused("callback.list", "stranger"))["status"] == 403


async def test_the_callback_of_a_change_waits_for_the_confirmation(desk: Bench) -> None:
    """R-RT-06, R-FB-01: info_change is countersigned first; complaints are called back within 10 office minutes."""
    change = Life("w1", category="info_change", department="network")
    await desk.tell(change.contact(), change.opened(), change.resolved(), change.signed(confirmation_required=True))
    assert await desk.service.told(CallbackScheduled) == []
    complaint = Life("w2", category="complaint")
    late = local("2026-11-23 16:55")
    await desk.tell(
        change.confirmed(MONDAY), complaint.contact(), complaint.opened(), complaint.resolved(), complaint.signed(late)
    )
    first, second = await desk.service.told(CallbackScheduled)
    assert (first.work_order_id, first.script, first.due_at) == ("w1", "platform_ad", MONDAY + timedelta(hours=24))
    assert (second.work_order_id, second.due_at) == ("w2", local("2026-11-24 09:05"))
    listed = (await desk.done("callback.list"))["callbacks"]
    assert [item["work_order_id"] for item in listed] == ["w2", "w1"]
    only = (await desk.done("callback.list", department="network"))["callbacks"]
    assert [item["work_order_id"] for item in only] == ["w1"]


async def test_a_satisfied_customer_completes_the_callback(desk: Bench) -> None:
    """R-FB-02: completed once; whatever comes later is refused with a clear sentence."""
    await desk.tell(*Life("w1").approved())
    key = await desk.callback_of("w1")
    answer: dict[str, Any] = {
        "callback_id": key,
        "outcome": "reached",
        "solved": True,
        "score": 9,
        "satisfaction": "satisfied",
    }
    result = await desk.done("callback.record", **answer, comment="我的电话13800138000换成13912345678了")
    assert result == {
        "callback_id": key,
        "state": "completed",
        "outcome": "reached",
        "reopen": False,
        "second_contact": False,
        "attempts": 1,
        "next_at": None,
        "survey_expires_at": None,
    }
    (completed,) = await desk.service.told(CallbackCompleted)
    assert (completed.score, completed.solved, completed.satisfaction) == (9, True, "satisfied")
    assert completed.comment == "我的电话[电话]换成[电话]了"
    error = await desk.refused("callback.record", **answer)
    assert (error["status"], "completed" in error["detail"]) == (409, True)
    assert (await desk.done("callback.list"))["callbacks"] == []


async def test_an_unhappy_customer_reopens_and_is_called_by_the_supervisor(desk: Bench) -> None:
    """R-FB-03, R-SLA-06: both follow; the second contact outlives the reopening and is the supervisor's to make."""
    life = Life("w1")
    await desk.tell(*life.approved())
    key = await desk.callback_of("w1")
    result = await desk.done("callback.record", callback_id=key, outcome="reached", solved=False, score=3)
    assert (result["reopen"], result["second_contact"]) == (True, True)
    await desk.tell(life.reopened())
    second = await desk.callback_of("w1", "supervisor_contact")
    assert await desk.state_of(second) == "open"
    scheduled = (await desk.service.told(CallbackScheduled))[-1]
    assert (scheduled.kind, scheduled.assignee, scheduled.due_at) == (
        "supervisor_contact",
        "market-supervisor",
        MONDAY + timedelta(hours=48),
    )
    good: dict[str, Any] = {"callback_id": second, "outcome": "reached", "solved": True, "score": 7}
    error = await desk.refused("callback.record", "market-supervisor", **good)
    assert (error["status"], error["errors"][0]["field"]) == (422, "comment")
    good["comment"] = "换货前先与客户确认时间"
    assert (await desk.refused("callback.record", "service-1", **good))["status"] == 403
    assert (await desk.refused("callback.record", "network-supervisor", **good))["status"] == 403
    result = await desk.done("callback.record", "market-supervisor", **good)
    assert (result["state"], result["second_contact"]) == ("completed", False)


async def test_three_unanswered_calls_on_different_half_days_give_up(desk: Bench) -> None:
    """R-FB-01: a second call on the same half-day is recorded and does not count."""
    await desk.tell(*Life("w1").approved())
    key = await desk.callback_of("w1")
    seen = []
    for at in ("2026-11-23 10:30", "2026-11-23 11:30", "2026-11-23 14:00", "2026-11-24 09:00"):
        desk.service.clock.at = local(at)
        result = await desk.done("callback.record", callback_id=key, outcome="no_answer")
        seen.append((result["attempts"], result["state"], result["next_at"]))
    assert seen == [
        (1, "open", "2026-11-23T04:00:00Z"),
        (1, "open", "2026-11-23T04:00:00Z"),
        (2, "open", "2026-11-24T01:00:00Z"),
        (3, "completed", None),
    ]
    attempted = await desk.service.told(CallbackAttempted)
    assert [one.attempt for one in attempted] == [1, 2, 3]
    (completed,) = await desk.service.told(CallbackCompleted)
    assert (completed.outcome, completed.reopen, completed.second_contact) == ("no_answer", False, False)


async def test_a_refusal_completes_and_other_departments_may_not_call(desk: Bench) -> None:
    """R-FB-01, R-RT-07."""
    await desk.tell(*Life("w1").approved())
    key = await desk.callback_of("w1")
    error = await desk.refused("callback.record", "market-supervisor", callback_id=key, outcome="refused")
    assert (error["status"], error["errors"][0]["field"]) == (403, "by")
    assert (await desk.refused("callback.record", "nobody", callback_id=key, outcome="refused"))["status"] == 403
    assert (await desk.refused("callback.record", callback_id="none", outcome="refused"))["status"] == 404
    error = await desk.refused("callback.record", callback_id=key, outcome="reached")
    assert (error["status"], error["errors"][0]["field"]) == (422, "solved")
    assert (await desk.done("callback.record", callback_id=key, outcome="refused"))["state"] == "completed"


@pytest.mark.parametrize("ending", ["reopened", "cancelled"])
async def test_a_result_that_no_longer_stands_withdraws_its_callback(desk: Bench, ending: str) -> None:
    """R-FB-01: reopened or cancelled; nothing can be recorded any more, and a new result is called back anew."""
    life = Life("w1")
    await desk.tell(*life.approved())
    key = await desk.callback_of("w1")
    await desk.tell(getattr(life, ending)())
    assert await desk.state_of(key) == "withdrawn"
    error = await desk.refused("callback.record", callback_id=key, outcome="no_answer")
    assert (error["status"], "withdrawn" in error["detail"]) == (409, True)
    if ending == "reopened":
        await desk.tell(life.resolved(), life.signed())
        assert await desk.state_of(await desk.callback_of("w1", cycle=2)) == "open"
        assert await desk.state_of(key) == "withdrawn"


async def test_two_agents_who_record_at_once_complete_it_once(desk: Bench) -> None:
    """R-FB-01: the row is locked while one attempt is decided."""
    await desk.tell(*Life("w1").approved())
    key = await desk.callback_of("w1")
    replies = await asyncio.gather(
        *(
            desk.ask("callback.record", by, callback_id=key, outcome="reached", solved=True, score=score)
            for by, score in (("service-1", 9), ("service-2", 3), ("service-supervisor", 5))
        )
    )
    assert sorted(reply["ok"] for reply in replies) == [False, False, True]
    assert {reply["error"]["status"] for reply in replies if not reply["ok"]} == {409}
    assert len(await desk.service.told(CallbackCompleted)) == 1


async def test_a_batch_of_any_size_takes_the_same_statements(desk: Bench) -> None:
    """The cost of a batch does not grow with it (docs/adr/0002)."""
    await desk.tell(*Life("first").approved())  # from here on every batch also marks what the one before has sent
    await desk.tell(*Life("one").approved())
    alone = len(desk.statements)
    lives = [Life(f"many-{number}") for number in range(40)]
    await desk.tell(*(event for life in lives for event in life.approved()))
    assert len(desk.statements) <= alone + 3  # three more where a conversation is sampled for review (R-FB-06)
    assert len(await desk.service.told(CallbackScheduled)) == 42


async def test_events_in_one_batch_are_applied_in_their_order(desk: Bench) -> None:
    """Signed and reopened in one batch: the result never stood, so no call is scheduled for it."""
    life = Life("w1")
    await desk.tell(*life.approved(), life.reopened(), life.resolved(), life.signed())
    (scheduled,) = await desk.service.told(CallbackScheduled)
    assert scheduled.cycle == 2


async def test_open_callbacks_are_counted_by_kind(desk: Bench) -> None:
    """R-OB-01."""
    await desk.tell(*Life("w1").approved(), *Life("w2").approved())
    key = await desk.callback_of("w1")
    await desk.done("callback.record", callback_id=key, outcome="reached", solved=True, score=2)
    assert desk.service.parts.gauges is not None
    await desk.service.parts.gauges()
    shown = {
        kind: metrics.REGISTRY.get_sample_value("yingda_callbacks_open", {"kind": kind})
        for kind in ("callback", "supervisor_contact")
    }
    assert shown == {"callback": 1.0, "supervisor_contact": 1.0}


async def test_a_planned_call_is_made_at_its_time_and_ends_in_a_survey(desk: Bench) -> None:
    """R-FB-01, care 主动关怀: due when it is planned, with words of its own; three unanswered attempts as for others."""
    planned = local("2026-11-25 10:00")
    life = Life("w1", category="care", department="service")
    await desk.tell(life.contact(), life.opened(cutoff_at=planned), life.resolved(), life.signed())
    (scheduled,) = await desk.service.told(CallbackScheduled)
    assert (scheduled.kind, scheduled.script, scheduled.due_at) == ("callback", "care", planned)
    (item,) = (await desk.done("callback.list"))["callbacks"]
    assert "例行的关怀回访" in item["script_text"]
    for at in ("2026-11-25 10:00", "2026-11-25 14:00", "2026-11-26 09:00"):
        desk.service.clock.at = local(at)
        await desk.done("callback.record", callback_id=scheduled.callback_id, outcome="no_answer")
    assert len(await desk.service.told(SurveyIssued)) == 1
