"""A complaint about a supervisor is neither theirs to have nor to sign, however they are named (section 3, R-RT-07)."""

from pathlib import Path

import pytest

from services.routing.domain.assignment import Person
from services.routing.domain.concerned import concerned
from services.routing.domain.lifecycle import LIFECYCLE, decide
from services.routing.domain.matter import Matter
from services.routing.domain.opening import opened
from services.routing.domain.rota import Rota
from services.routing.domain.workorder import Decided, Refusal, WorkOrder
from services.routing.plugins.round_robin import RoundRobin
from shared.events import WorkorderClassified
from shared.events.commands import Assign, Cancel, Classify, Resolve, Respond, Sign, Transfer, WorkorderCommand
from shared.policy import Policy
from tests.unit.routing.orders import NOW, POLICY, ask, order, policy_with_a_night_supervisor

NAMED = [
    Matter("投诉员工", {"employee": "market-supervisor"}),
    Matter("投诉员工", {"employee": "赵立新"}),
    Matter("投诉员工", {"employee": "市场部主管"}),
    Matter("我要投诉你们市场部主管赵立新,态度非常恶劣"),
    Matter("我要投诉赵立新,他骂我"),
    Matter("我要投诉你们市场部的主管,他骂我"),
    Matter("I want to complain about the supervisor of your marketing department"),
]
OTHERS = [
    Matter("投诉张子轩,主管也不管"),
    Matter("投诉员工", {"employee": "market-1"}),
    Matter("投诉员工,没记住名字"),
    Matter("投诉客服推给主管处理"),
    Matter("投诉你们的客服,找主管也没用"),
    Matter("我是赵立新,我要投诉你们的客服", customer_name="赵立新"),
]


@pytest.mark.parametrize("matter", NAMED, ids=lambda matter: matter.text[:20] + matter.details.get("employee", ""))
def test_the_events_tell_whom_it_concerns(matter: Matter) -> None:
    """R-RT-07, R-NT-02: with the opening and with the decision of triage; so nobody else has to read the contact."""
    triage = complaint(department="service", queue="triage", category="general", assignee=None)
    decision = asks(triage, Classify, "service-1", matter, category="staff_complaint")
    assert isinstance(decision, Decided)
    (told,) = [event for event in decision.events if isinstance(event, WorkorderClassified)]
    assert told.concerned == ("market-supervisor",)
    assert opened(complaint(), concerned(complaint(), matter, POLICY)).concerned == ("market-supervisor",)
    decision = asks(triage, Classify, "service-1", matter, category="general")
    assert isinstance(decision, Decided)
    (told,) = [event for event in decision.events if isinstance(event, WorkorderClassified)]
    assert told.concerned == ()


def test_nobody_is_given_a_complaint_about_themselves() -> None:
    """R-RT-08: not by hand either."""
    given = asks(complaint(), Assign, "market-head", NAMED[0], assignee="market-supervisor")
    assert isinstance(given, Refusal)
    assert (given.status, given.field) == (422, "assignee")
    assert isinstance(asks(complaint(), Assign, "market-head", NAMED[0], assignee="market-1"), Decided)


def complaint(**changes: object) -> WorkOrder:
    return order(**{"category": "staff_complaint", "topic": None, "assignee": "market-head"} | changes)


def asks(
    work_order: WorkOrder, model: type[WorkorderCommand], by: str, matter: Matter, **content: object
) -> Decided | Refusal:
    return decide(work_order, ask(model, by, **content), POLICY, NOW, matter)


@pytest.mark.parametrize("matter", NAMED, ids=lambda matter: matter.text[:20] + matter.details.get("employee", ""))
def test_the_supervisor_is_recognised(matter: Matter) -> None:
    """R-RT-08: by id, by name, by what they are called, in the field or in the text."""
    assert concerned(complaint(), matter, POLICY) == {"market-supervisor"}


@pytest.mark.parametrize("matter", OTHERS, ids=lambda matter: matter.text[:20] + matter.details.get("employee", ""))
def test_a_supervisor_who_is_only_spoken_of_is_not_concerned(matter: Matter) -> None:
    """R-RT-08: nor is a customer of the same name."""
    assert "market-supervisor" not in concerned(complaint(), matter, POLICY)


@pytest.mark.parametrize(
    ("model", "content"),
    [
        (Respond, {"text": "好"}),
        (Resolve, {"text": "查无此事"}),
        (Transfer, {"department": "service", "reason": "不归我"}),
        (Cancel, {"reason": "误投"}),
    ],
)
def test_nobody_handles_a_complaint_about_themselves(model: type[WorkorderCommand], content: dict[str, str]) -> None:
    """R-RT-07: no step of the lifecycle is theirs; a colleague's is."""
    assert model in LIFECYCLE
    mine = asks(complaint(), model, "market-supervisor", NAMED[0], **content)
    assert isinstance(mine, Refusal)
    assert (mine.status, mine.kind) == (403, "not-allowed")
    assert "complaint about market-supervisor" in mine.detail
    assert isinstance(asks(complaint(), model, "market-1", NAMED[0], **content), Decided)


def test_the_head_signs_in_place_of_the_supervisor_concerned_and_only_then() -> None:
    """R-RT-07: only a supervisor of the owning department signs; where the complaint is about them, the head does."""
    resolved = complaint(status="resolved", resolved_by="market-1", before="opened")
    own = asks(resolved, Sign, "market-supervisor", NAMED[0], approve=True)
    assert isinstance(own, Refusal)
    assert own.status == 403
    stands_in = asks(resolved, Sign, "market-head", NAMED[0], approve=True)
    assert isinstance(stands_in, Decided)
    assert stands_in.work_order.status == "signed"
    other = Matter("投诉员工", {"employee": "market-2"})
    assert isinstance(asks(resolved, Sign, "market-supervisor", other, approve=True), Decided)
    needless = asks(resolved, Sign, "market-head", other, approve=True)
    assert isinstance(needless, Refusal)
    assert needless.status == 403
    elsewhere = asks(resolved, Sign, "network-head", NAMED[0], approve=True)
    assert isinstance(elsewhere, Refusal)
    after_sales = order(status="resolved", resolved_by="market-1", before="opened")
    assert isinstance(asks(after_sales, Sign, "market-head", NAMED[0], approve=True), Refusal)


def test_nobody_signs_their_own_result_not_even_in_place_of_another() -> None:
    """R-RT-07."""
    resolved = complaint(status="resolved", resolved_by="market-head", before="opened")
    own = asks(resolved, Sign, "market-head", NAMED[0], approve=True)
    assert isinstance(own, Refusal)
    assert "own result" in own.detail
    assert isinstance(asks(resolved, Sign, "general-manager", NAMED[0], approve=True), Decided)  # nobody else is left


@pytest.fixture
def two_supervisors(tmp_path: Path) -> Policy:
    return policy_with_a_night_supervisor(tmp_path)


@pytest.mark.parametrize(
    ("off", "assignee"),
    [
        ((), "service-supervisor"),
        (("service-supervisor",), "night-supervisor"),
        (("night-supervisor",), "service-supervisor"),
        (("service-supervisor", "night-supervisor"), "service-supervisor"),
    ],
)
def test_an_emergency_is_for_the_supervisor_on_duty(
    two_supervisors: Policy, off: tuple[str, ...], assignee: str
) -> None:
    """R-RT-08, 紧急情况: of several supervisors the one who is not off work; where all are, the first is told all the same."""
    emergency = order(category="emergency", topic="safety", department="service", grade="urgent")
    people = {one: Person(presence="off") for one in off}
    assigners = dict.fromkeys(POLICY.departments, RoundRobin())
    assert Rota(two_supervisors, assigners, {}, people).give(emergency).assignee == assignee
    about = Rota(two_supervisors, assigners, {}, {}).give(emergency, unfit={"service-supervisor"})
    assert about.assignee == "night-supervisor"
