"""Work orders and commands for the tests of routing's rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import shared.policy
from services.routing.domain.collaboration import Collaboration
from services.routing.domain.identity import Fingerprints, Identity
from services.routing.domain.lifecycle import decide
from services.routing.domain.matter import Matter
from services.routing.domain.workorder import Decided, Refusal, WorkOrder
from shared.events import SlaEscalated
from shared.events.commands import Confirm, Resolve, Respond, Sign, WorkorderCommand
from shared.policy import Policy, load_policy

DEFAULT = Path(shared.policy.__file__).with_name("default.yaml")
POLICY = load_policy(None)
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Monday 2026-11-23 10:00 in Shanghai."""
MATTER = Matter("我上周买的空调不制冷,要求换货", {"product_name": "空调"}, customer_name="王芳")

C = TypeVar("C", bound=WorkorderCommand)

FINGERPRINTS = Fingerprints(b"a key of the tests")


def order(**changes: Any) -> WorkOrder:
    """Return a work order of market that was just opened."""
    given: dict[str, Any] = {
        "id": "w-1",
        "number": "XR20261123001",
        "contact_id": "c-1",
        "source_id": "web/shop/1",
        "customer_id": "k-1",
        "channel": "web",
        "category": "after_sales",
        "topic": "product",
        "grade": "normal",
        "sensitive": False,
        "sensitive_reasons": (),
        "attitude": None,
        "complaints_before": 0,
        "department": "market",
        "queue": "department",
        "classified_by": "rules",
        "confidence": 0.9,
        "evidence": ("换货",),
        "suggested_category": "after_sales",
        "suggested_topic": "product",
        "missing_fields": (),
        "cutoff_at": None,
        "confirmation_required": False,
        "policy_version": POLICY.policy_version,
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "occurred_at": NOW,
        "registered_at": NOW,
        "opened_at": NOW,
    }
    return WorkOrder(**given | changes)


OTHER = order(id="w-2", number="XR20261123002", contact_id="c-2", source_id="wechat/shop/2", channel="wechat")
"""The other work order of a link or a merging."""
IDENTITY = Identity(
    FINGERPRINTS,
    FINGERPRINTS.known(
        "k-1", Matter("", {"order_no": "A-1"}, customer_name="王芳", customer_phone="13800138000"), by_staff=()
    ),
    wrong_answers=0,
)
"""What is known of the customer of every work order here."""

TASK = Collaboration(
    id="w-1.2",
    work_order_id="w-1",
    department="market",
    with_department="technical",
    deliverable="检测报告",
    due_at=NOW + timedelta(hours=4),
    by="market-1",
    at=NOW,
)
"""What `technical` was asked for, about every work order here."""


def ask(model: type[C], by: str, **content: Any) -> C:
    return model.model_validate({"command_id": "c", "by": by, "work_order_id": "w-1", **content})


def take(work_order: WorkOrder, model: type[WorkorderCommand], by: str, **content: Any) -> Decided | Refusal:
    return decide(
        work_order, ask(model, by, **content), POLICY, NOW, MATTER, other=OTHER, identity=IDENTITY, collaboration=TASK
    )


def done(work_order: WorkOrder, model: type[WorkorderCommand], by: str, **content: Any) -> WorkOrder:
    """Return the work order after a step that must be legal."""
    decision = take(work_order, model, by, **content)
    assert isinstance(decision, Decided), decision
    return decision.work_order


def refused(work_order: WorkOrder, model: type[WorkorderCommand], by: str, **content: Any) -> Refusal:
    decision = take(work_order, model, by, **content)
    assert isinstance(decision, Refusal), decision
    return decision


def responded(**changes: Any) -> WorkOrder:
    return done(order(**changes), Respond, "service-1", text="已收到")


def resolved(**changes: Any) -> WorkOrder:
    before = order(**changes)
    return done(before, Resolve, f"{before.department}-1", text="换新机")


def signed(**changes: Any) -> WorkOrder:
    before = resolved(**changes)
    return done(before, Sign, f"{before.department}-supervisor", approve=True)


def confirmed(**changes: Any) -> WorkOrder:
    return done(signed(**{"confirmation_required": True} | changes), Confirm, "service-2")


def escalation(step: Any) -> SlaEscalated:
    """Return what `sla` tells of the work order's missed deadline when it is the turn of `step`."""
    return SlaEscalated(
        clock_id="k-1",
        subject_type="workorder",
        subject_id="w-1",
        metric="resolution",
        cycle=1,
        department="market",
        due_at=NOW,
        at=NOW,
        used_seconds=0,
        step=step,
    )


def policy_with_a_night_supervisor(directory: Path) -> Policy:
    """Return the default policy with a second supervisor of the service centre."""
    text = DEFAULT.read_text("utf-8")
    line = next(line for line in text.splitlines() if line.startswith("  service-supervisor:"))
    night = line.replace("service-supervisor", "night-supervisor").replace("周静", "夜班主管")
    path = directory / "policy.yaml"
    path.write_text(text.replace(line, f"{line}\n{night}"), "utf-8")
    return load_policy(path)
