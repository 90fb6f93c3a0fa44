"""The category table of section 3, row by row: who owns it, what is registered, when it is submitted, who signs."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.routing.domain.assignment import wanting
from services.routing.domain.opening import matter_of, open_work_order
from services.routing.domain.rota import Rota
from services.routing.domain.verdict import AGENT, Verdict
from services.routing.domain.workorder import WorkOrder
from services.routing.plugins.round_robin import RoundRobin
from shared.events import Personal
from shared.events.commands import Confirm, Resolve, Respond, Sign
from shared.testing.builders import registered_contact
from tests.unit.routing.orders import NOW, POLICY, done, refused

CUTOFF = datetime(2026, 11, 23, 8, tzinfo=UTC)
"""16:00 in Shanghai of the day."""
GOODS = ("customer_name", "customer_phone", "purchased_item", "demand")
GRIEVANCE = ("customer_name", "customer_phone", "reason")
TABLE: list[tuple[str, str | None, str, tuple[str, ...]]] = [
    ("product_inquiry", None, "market", ("customer_name", "customer_phone", "product_name")),
    ("project_matching", None, "market", ("project_name", "contact_name", "contact_phone", "company")),
    ("membership", None, "market", ("enterprise_name", "legal_person", "products")),
    ("info_change", None, "network", ("enterprise_name", "change")),
    ("ad_slot", None, "network", ("advertiser", "ad_type", "ad_position", "ad_duration")),
    ("after_sales", None, "market", GOODS),
    ("after_sales", "product", "market", GOODS),
    ("after_sales", "project", "market", GOODS),
    ("after_sales", "platform_paid", "network", ("customer_name", "customer_phone", "demand")),  # named by the topic
    ("complaint", None, "market", GRIEVANCE),
    ("complaint", "product", "market", GRIEVANCE),
    ("complaint", "project", "market", GRIEVANCE),
    ("complaint", "after_sales", "market", GRIEVANCE),
    ("complaint", "app_display", "network", GRIEVANCE),
    ("complaint", "paid_service", "network", GRIEVANCE),
    ("staff_complaint", None, "service", ("employee", "reason")),
    ("emergency", None, "service", ("what", "where")),
    ("emergency", "medical", "service", ("what", "where")),
    ("emergency", "safety", "service", ("what", "where")),
    ("general", None, "service", ()),
    ("care", None, "service", ("customer",)),
]
WAITING = {"info_change", "ad_slot"}
SUPERVISORS = {"staff_complaint", "emergency"}
ROWS = pytest.mark.parametrize(("category", "topic", "department", "required"), TABLE)


def opened(category: str, topic: str | None, **changes: Any) -> WorkOrder:
    contact = registered_contact(**{"agent_id": "service-1"} | changes, category=category, topic=topic, at=NOW)
    contact = contact.replace(personal=Personal(text="。"))
    verdict = Verdict(category, topic, AGENT, 1.0, (), triage=False, suggested=False)
    matter = matter_of(contact)
    return open_work_order(
        contact,
        matter,
        verdict,
        POLICY,
        NOW,
        work_order_id="w-1",
        number="XR20261123001",
        traceparent="",
        complaints_before=0,
    )


@ROWS
def test_the_row(category: str, topic: str | None, department: str, required: tuple[str, ...]) -> None:
    """R-RT-02, R-RT-03, R-IN-07: the owner, when it is submitted, and each required field, missing while nobody tells it."""
    work_order = opened(category, topic)
    assert (work_order.department, work_order.queue) == (department, "department")
    assert work_order.cutoff_at == (CUTOFF if category in WAITING else None)
    assert work_order.missing_fields == required
    for field in required:
        told = opened(category, topic, details={field: "王芳 13800138000"}).missing_fields
        assert field not in told
    assert opened(category, topic, details=dict.fromkeys(required, "王芳 13800138000")).missing_fields == ()


@ROWS
def test_who_gets_it_first(category: str, topic: str | None, department: str, required: tuple[str, ...]) -> None:
    """R-RT-08, R-RT-03: at once to an agent; 投诉员工 and 紧急情况 to the supervisor; what waits for 16:00 to nobody yet."""
    del required
    work_order = opened(category, topic)
    assert wanting(work_order, NOW) == (category not in WAITING)
    assert wanting(work_order, CUTOFF)
    given = Rota(POLICY, dict.fromkeys(POLICY.departments, RoundRobin()), {}, {}).give(work_order)
    role = "supervisor" if category in SUPERVISORS else "agent"
    staff = POLICY.staff(given.assignee)
    assert staff is not None
    assert (staff.department, staff.role) == (department, role)


@ROWS
def test_the_life_of_the_row(category: str, topic: str | None, department: str, required: tuple[str, ...]) -> None:
    """R-RT-06, R-RT-07: answered, resolved, signed by the owner's supervisor; changes of network are confirmed by service."""
    del required
    work_order = opened(category, topic).next(verified=True)
    if category == "membership":  # market, then network
        department = "network"
        work_order = work_order.next(department=department)
    signed = done(
        done(
            done(work_order, Respond, f"{department}-1", text="已联系供应商"), Resolve, f"{department}-1", text="已办"
        ),
        Sign,
        f"{department}-supervisor",
        approve=True,
    )
    assert signed.status == "signed"
    if category in WAITING:
        assert done(signed, Confirm, "service-1").status == "confirmed"
    else:
        assert refused(signed, Confirm, "service-1").kind == "illegal-step"


def test_the_table_has_every_row() -> None:
    """R-RT-02: every category and topic of the policy is tried here."""
    rows: set[tuple[str, str | None]] = {(name, None) for name in POLICY.categories}
    rows |= {(name, topic) for name, entry in POLICY.categories.items() for topic in entry.topics}
    assert {row[:2] for row in TABLE} == rows


@pytest.mark.parametrize(
    ("emotion", "grade"),
    [
        ("calm", "normal"),
        ("dissatisfied", "normal"),
        ("other", "normal"),
        ("anxious", "urgent"),
        ("impatient", "urgent"),
    ],
)
def test_the_marked_emotion_and_the_grade(emotion: str, grade: str) -> None:
    """R-RT-04: anxious and impatient customers are urgent in every category, the others where the matter is."""
    for category, topic, *_ in TABLE:
        usual = {"emergency": "urgent", "membership": "complex"}.get(category, "normal")
        expected = grade if grade == "urgent" else usual
        assert opened(category, topic, emotion=emotion).grade == expected, category
