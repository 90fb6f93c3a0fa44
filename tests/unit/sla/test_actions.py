"""What an escalation sets off besides messages: which actions, and what follows from each answer (R-SLA-10)."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from services.sla.domain.actions import Done, Later, Refused, Verdict, follow, orders
from services.sla.domain.clock import ClockEvent
from shared.events import SlaBreached, SlaEscalated, SlaWarned
from shared.policy import Policy
from tests.unit.sla.changes import changed
from tests.unit.sla.story import MONDAY, Book, Story

URGENT = {"plugin": "pager", "grades": ["urgent"], "metrics": ["first_response", "resolution"]}
LADDER = [
    {"on": "warning", "percent": 80, "to": "assignee", "actions": ["webhook"]},
    {"on": "breach", "to": "supervisor", "actions": [URGENT, "webhook"]},
    {"on": "breach", "after": "1h business", "to": "head"},
]
ABOUT = {
    "clock_id": "c1",
    "subject_type": "workorder",
    "subject_id": "w1",
    "metric": "resolution",
    "cycle": 1,
    "department": "market",
    "due_at": MONDAY,
    "at": MONDAY,
    "used_seconds": 0,
}


def policy(*ladder: object) -> Policy:
    return changed({"sla.ladder": list(ladder)})


def ids(event: ClockEvent, wanted: Policy) -> list[str]:
    return [one.id for one in orders(event, wanted)]


def test_a_step_sets_off_its_own_actions() -> None:
    """R-SLA-10: of a warning by its percent, of a breach by who is told; a breach by itself sets nothing off."""
    wanted = policy(*LADDER)
    assert ids(SlaWarned(**ABOUT, percent=80), wanted) == ["c1:warning:assignee:webhook"]
    assert ids(SlaWarned(**ABOUT, percent=50), wanted) == []
    assert ids(SlaEscalated(**ABOUT, step="supervisor"), wanted) == ["c1:breach:supervisor:webhook"]
    assert ids(SlaEscalated(**ABOUT, step="head"), wanted) == []
    assert ids(SlaBreached(**ABOUT), wanted) == []


@pytest.mark.parametrize(
    ("grade", "metric", "set_off"),
    [("urgent", "resolution", True), ("urgent", "callback", False), ("normal", "resolution", False), (None, "resolution", False)],
)  # fmt: skip
def test_an_action_is_for_the_grades_and_metrics_that_it_names(
    grade: str | None, metric: str, *, set_off: bool
) -> None:
    event = SlaEscalated.model_validate({**ABOUT, "metric": metric, "grade": grade, "step": "supervisor"})
    assert ("c1:breach:supervisor:pager" in ids(event, policy(*LADDER))) is set_off


def test_the_default_policy_sets_nothing_off() -> None:
    assert not [action for step in changed({}).sla.ladder for action in step.actions]


@pytest.mark.parametrize(
    ("actions", "message"),
    [(["webhook", "webhook"], "stands here twice"), ([{"plugin": "pager", "grade": ["urgent"]}], "extra"), (["Pager!"], "cannot be a name")],
)  # fmt: skip
def test_what_cannot_be_meant_is_a_fault(actions: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        policy({"on": "breach", "to": "supervisor", "actions": actions})


def test_answers_lead_to_verdicts() -> None:
    """Done and refused end it; later comes back after growing pauses, not before the time that was asked for, then is dead."""
    retries = changed({"sla.action_retries": {"max_attempts": 3, "pauses": ["10s wall", "1m wall"]}}).sla.action_retries
    assert follow(Done("ticket 7"), 1, retries) == Verdict("done", "ticket 7")
    assert follow(Refused("no such team"), 1, retries) == Verdict("refused", "no such team")
    assert [follow(Later("away"), attempt, retries) for attempt in (1, 2, 3)] == [
        Verdict("waiting", "away", timedelta(seconds=10)),
        Verdict("waiting", "away", timedelta(minutes=1)),
        Verdict("dead", "away"),
    ]
    assert follow(Later("away", 120), 1, retries).after == timedelta(minutes=2)


def test_the_number_of_the_work_order_is_remembered() -> None:
    """For whoever is called by an action."""
    book, opened = Book(changed({})), Story().opened(MONDAY)
    book.apply(opened)
    assert book.clocks.subject.number == opened.number
