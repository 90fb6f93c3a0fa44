"""Return calls and withdrawn callbacks on real NATS and PostgreSQL (R-IN-10, R-FB-01)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from shared.events import Call, CallbackCompleted, CallbackScheduled, CallbackWithdrawn, SurveyIssued, WorkorderMerged
from tests.unit.feedback.bench import Bench, bench
from tests.unit.feedback.builders import MONDAY, Life


@pytest.fixture
async def desk(database_url: str, fresh_nats: str) -> AsyncIterator[Bench]:
    async with bench(database_url, fresh_nats) as ready:
        yield ready


def missed(life: Life, **figures: Any) -> list[Any]:
    """Return the contact of a telephone call and the work order that it led to."""
    call = Call(**{"missed": True, **figures})
    return [life.contact(channel="phone", call=call, agent_id="service-2"), life.opened(channel="phone")]


@pytest.mark.parametrize("order", ["together", "contact first", "work order first"])
async def test_a_missed_call_is_called_back_at_once(desk: Bench, order: str) -> None:
    """R-IN-10: once, in whatever order two replicas hear of the contact and its work order."""
    contact, opened = missed(Life("w1"))
    if order == "together":
        await desk.tell(contact, opened)
    else:
        for event in (contact, opened) if order == "contact first" else (opened, contact):
            await desk.tell(event)
    (scheduled,) = await desk.service.told(CallbackScheduled)
    assert (scheduled.kind, scheduled.script, scheduled.assignee) == ("return_call", "return_call", "service-2")
    assert scheduled.due_at == MONDAY + timedelta(minutes=10)
    (item,) = (await desk.done("callback.list", kind="return_call"))["callbacks"]
    assert "来电没有得到及时的答复" in item["script_text"]
    assert item["phone"] == "13800138000"
    result = await desk.done("callback.record", callback_id=item["callback_id"], outcome="reached", comment="已登记")
    assert (result["state"], result["reopen"], result["second_contact"]) == ("completed", False, False)
    (completed,) = await desk.service.told(CallbackCompleted)
    assert (completed.kind, completed.outcome, completed.number) == ("return_call", "reached", "XR20261123w1")


async def test_who_was_helped_or_declined_is_not_called_back(desk: Bench) -> None:
    """R-IN-10: a declined callback goes to the supervisor instead, which is routing's to do."""
    helped, declined, unresolved = Life("w1"), Life("w2"), Life("w3")
    await desk.tell(
        *missed(helped, missed=False, rings=2),
        *missed(declined, missed=False, unresolved=True, callback_declined=True),
        *missed(unresolved, missed=False, unresolved=True),
    )
    assert [one.work_order_id for one in await desk.service.told(CallbackScheduled)] == ["w3"]


async def test_a_return_call_that_is_no_longer_needed_is_withdrawn(desk: Bench) -> None:
    """R-IN-10: the customer has heard the result since; a return call that nobody answered leads to no survey."""
    life = Life("w1")
    await desk.tell(*missed(life))
    key = (await desk.service.told(CallbackScheduled))[0].callback_id
    await desk.tell(life.resolved(), life.signed(), life.closed())
    (withdrawn,) = await desk.service.told(CallbackWithdrawn)
    assert (withdrawn.callback_id, withdrawn.kind) == (key, "return_call")
    assert await desk.state_of(key) == "withdrawn"
    assert await desk.service.told(SurveyIssued) == []


async def test_a_merged_work_order_is_called_back_no_more(desk: Bench) -> None:
    """R-RT-06, R-FB-01: whoever waits hears of it with the work order that it went into."""
    life = Life("w1")
    await desk.tell(*life.approved())
    key = await desk.callback_of("w1")
    merged = life._step(WorkorderMerged, "merged", MONDAY, into_work_order_id="w0", into_number="XR20261123000")
    await desk.tell(merged)
    assert await desk.state_of(key) == "withdrawn"
    assert [one.kind for one in await desk.service.told(CallbackWithdrawn)] == ["callback"]
