"""What a completed register brings to light: what is sensitive, and whose department it is (R-RT-02, R-RT-04, R-RT-05)."""

from services.routing.domain.matter import Matter
from services.routing.domain.reassessment import REASON
from services.routing.domain.supplement import supplement
from services.routing.domain.workorder import Decided, Ignored, WorkOrder
from services.routing.store.history import history_rows
from services.routing.store.tables import examples
from shared.events import ContactCompleted, Personal, WorkorderClassified, WorkorderStep, WorkorderSupplemented
from tests.unit.routing.orders import NOW, POLICY, order

THREAT = Matter("客户投诉", {"reason": "再不处理就去法院起诉"})
NAMED = Matter("投诉员工", {"employee": "network-1", "reason": "辱骂客户"})


def completing(work_order: WorkOrder, matter: Matter, *completed: str) -> tuple[WorkOrder, tuple[WorkorderStep, ...]]:
    event = ContactCompleted(
        contact_id="c-1", customer_id="k-1", completed=completed, personal=Personal(), by="service-1", at=NOW
    )
    decided = supplement(work_order, matter, event, POLICY)
    assert not isinstance(decided, Ignored)
    assert isinstance(decided, Decided)
    return decided.work_order, decided.events


def test_a_threat_learned_later_makes_it_urgent_and_is_told() -> None:
    """R-RT-04, R-RT-05: flagged with attitude and tendency, by the system, in a version of its own."""
    after, (told, assessed) = completing(order(category="complaint"), THREAT, "reason")
    assert isinstance(told, WorkorderSupplemented)
    assert isinstance(assessed, WorkorderClassified)
    assert (told.version, assessed.version, after.version) == (2, 3, 3)
    assert (assessed.by, assessed.reason) == ("system", REASON)
    assert (assessed.sensitive, assessed.sensitive_reasons, assessed.grade) == (True, ("lawsuit",), "urgent")
    assert (assessed.attitude, assessed.tendency) == ("dissatisfied", "high")
    assert (after.department, after.category, after.topic) == ("market", "complaint", "product")


def test_nothing_becomes_less_sensitive() -> None:
    """R-RT-05: a completion that says nothing of it takes nothing back, and tells nothing anew."""
    flagged = order(category="complaint", sensitive=True, sensitive_reasons=("media",), tendency="high", grade="urgent")
    after, events = completing(flagged, Matter("客户投诉", {"reason": "做工差"}), "reason")
    assert len(events) == 1
    assert (after.sensitive, after.sensitive_reasons, after.grade) == (True, ("media",), "urgent")
    both, _ = completing(flagged, THREAT, "reason")
    assert both.sensitive_reasons == ("media", "lawsuit")


def test_a_complaint_about_staff_goes_to_the_department_learned_later() -> None:
    """R-RT-02: with the service centre while the employee is unknown; then with the employee's department, nobody's yet."""
    unknown = order(category="staff_complaint", topic=None, department="service", assignee="service-supervisor")
    after, events = completing(unknown, NAMED, "employee", "reason")
    assert (after.department, after.assignee) == ("network", None)
    assert [event.department for event in events] == ["service", "network"]


def test_nothing_moves_that_a_person_put_somewhere() -> None:
    """R-RT-02: only what waited for the employee moves; other details, categories and departments do not."""
    unknown = order(category="staff_complaint", topic=None, department="service")
    assert completing(unknown, NAMED, "reason")[0].department == "service"
    elsewhere = order(category="staff_complaint", topic=None, department="market")
    assert completing(elsewhere, NAMED, "employee")[0].department == "market"
    assert completing(order(category="complaint"), NAMED, "employee")[0].department == "market"


def test_triage_and_results_are_left_alone() -> None:
    """R-RT-01: in triage a person decides; and a result is not judged anew."""
    for work_order in (order(category="complaint", queue="triage"), order(category="complaint", status="resolved")):
        assert len(completing(work_order, THREAT, "reason")[1]) == 1


def test_only_people_label_examples() -> None:
    """R-RT-01: the human decision is kept as an example, an assessment of our own is none."""
    _, events = completing(order(category="complaint"), THREAT, "reason")
    assert examples not in history_rows(events, NOW)
    human = [event.replace(by="service-1") for event in events]
    assert len(history_rows(human, NOW)[examples]) == 1
