"""`care` 主动关怀: outbound and planned by staff, never what a customer writes in (section 3)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.routing.domain.assignment import waits
from services.routing.domain.opening import matter_of, open_work_order
from services.routing.domain.verdict import Verdict, judge
from services.routing.domain.workorder import WorkOrder
from services.routing.plugins.rules import RulesClassifier
from shared.events import ContactRegistered
from shared.testing.builders import registered_contact
from tests.unit.routing.orders import NOW, POLICY

WEDNESDAY = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


def judged(contact: ContactRegistered) -> Verdict:
    return judge(
        contact.category, contact.topic, matter_of(contact), RulesClassifier(), POLICY, agent_id=contact.agent_id
    )


def care(**changes: Any) -> ContactRegistered:
    given: dict[str, Any] = {
        "category": "care",
        "agent_id": "service-1",
        "tier": "vip",
        "personal": {"text": "节日问候"},
    }
    return registered_contact(**given | changes)


def opened(contact: ContactRegistered) -> WorkOrder:
    return open_work_order(
        contact,
        matter_of(contact),
        judged(contact),
        POLICY,
        NOW,
        work_order_id="w",
        number="XR20261123001",
        traceparent="",
        complaints_before=0,
    )


@pytest.mark.parametrize("channel", ["phone", "wechat", "app"])
def test_staff_plan_it_over_any_channel(channel: str) -> None:
    """R-RT-01, care: with an agent it is the service centre's, keeps the tier, and asks for the customer only."""
    work_order = opened(care(channel=channel))
    assert (work_order.category, work_order.department, work_order.queue) == ("care", "service", "department")
    assert (work_order.classified_by, work_order.tier, work_order.missing_fields) == ("agent", "vip", ())
    assert opened(care(personal={"name": "匿名客户", "phone": None, "text": "问候"})).missing_fields == ("customer",)


def test_no_customer_writes_it_in() -> None:
    """R-RT-01, care: a form without an agent is read by the classifier, and the evidence says why."""
    verdict = judged(care(agent_id=None, personal={"text": "空调不制冷,要求换货"}))
    assert (verdict.category, verdict.classified_by) == ("after_sales", "rules")
    assert verdict.evidence[0] == "no customer writes in with care"


@pytest.mark.parametrize("written", ["2026-11-25T10:00:00+08:00", "2026-11-25T10:00", "2026-11-25T02:00:00Z"])
def test_it_waits_for_the_time_it_is_planned_for(written: str) -> None:
    """R-RT-03, care: planned, with an offset or in local time; nobody has it before."""
    work_order = opened(care(details={"planned_at": written}))
    assert work_order.cutoff_at == WEDNESDAY
    assert waits(work_order, WEDNESDAY - timedelta(seconds=1))
    assert not waits(work_order, WEDNESDAY)


@pytest.mark.parametrize(
    "written", ["周三上午", "2026-11-22T10:00:00+08:00", "2036-11-25T10:00:00+08:00", "0001-01-01"]
)
def test_what_is_no_time_to_come_makes_nobody_wait(written: str) -> None:
    """R-RT-03, care."""
    assert opened(care(details={"planned_at": written})).cutoff_at is None


def test_only_outbound_contacts_are_planned() -> None:
    """R-RT-03: a customer who names a time is not made to wait for it."""
    complaint = care(category="complaint", details={"planned_at": "2026-11-25T10:00:00+08:00"})
    assert opened(complaint).cutoff_at is None
