"""Surveys and return calls, decided without anything around them (R-FB-01 to R-FB-03, R-IN-10)."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.domain.callback import Answer, Attempt, Recorded, record
from services.feedback.domain.return_call import wanted
from services.feedback.domain.schedule import return_call_for
from services.feedback.domain.survey import Answered, Survey, answered, survey_after
from shared.events import Call, CallbackKind
from shared.policy import load_policy
from tests.unit.feedback.builders import MONDAY, callback, case, local, registered

POLICY = load_policy()
DAYS = timedelta(days=1)


def given_up(kind: CallbackKind = "callback") -> Recorded:
    made = tuple(
        Attempt(number, "no_answer", "service-1", MONDAY, half)
        for number, half in ((1, "2026-11-20 morning"), (2, "2026-11-20 afternoon"))
    )
    result = record(callback(kind=kind), made, Answer("no_answer", comment="关机"), "service-1", MONDAY, POLICY)
    assert isinstance(result, Recorded)
    return result


def survey(**changes: Any) -> Survey:
    values: dict[str, Any] = {
        "id": "s1",
        "callback_id": "cb1",
        "work_order_id": "w1",
        "cycle": 1,
        "script": "complaint_after_sales",
        "issued_at": MONDAY,
        "expires_at": MONDAY + 7 * DAYS,
    }
    return Survey(**values | changes)


def test_who_was_never_reached_is_asked_in_writing_for_seven_days() -> None:
    """R-FB-01, R-FB-02"""
    issued = survey_after(given_up().callback, "s1", MONDAY, POLICY)
    assert issued == survey()


def test_nobody_else_is_asked_in_writing() -> None:
    """R-FB-01 (decided): neither who refused or answered, nor whoever was called for another reason."""
    others: list[tuple[CallbackKind, Answer]] = [
        ("callback", Answer("refused")),
        ("callback", Answer("reached", solved=True)),
        ("callback", Answer("no_answer")),
    ]
    for kind, answer in others:
        result = record(callback(kind=kind), (), answer, "service-1", MONDAY, POLICY)
        assert isinstance(result, Recorded)
        assert survey_after(result.callback, "s1", MONDAY, POLICY) is None
    assert survey_after(given_up("return_call").callback, "s1", MONDAY, POLICY) is None


@given(st.none() | st.booleans(), st.none() | st.integers(0, 10), st.integers(0, 7 * 86400 - 1))
def test_a_survey_counts_like_a_call(solved: bool | None, score: int | None, seconds: int) -> None:
    """R-FB-02, R-FB-03: the same conclusions as from the same words on the telephone, up to the last second."""
    answer = Answer("reached", solved, score, "dissatisfied")
    spoken = record(callback(), (), answer, "service-1", MONDAY, POLICY)
    written = answered(survey(), answer, MONDAY + timedelta(seconds=seconds), POLICY)
    assert isinstance(spoken, Recorded)
    assert isinstance(written, Answered)
    assert written.conclusion == spoken.conclusion
    assert (written.callback.kind, written.callback.state, written.callback.completed_by) == (
        "survey",
        "completed",
        "customer",
    )
    assert written.callback.score == score
    assert written.survey.state == "answered"


@pytest.mark.parametrize(
    ("state", "later", "standing"),
    [
        ("answered", timedelta(0), "answered"),
        ("answered", 7 * DAYS, "gone"),
        ("open", 7 * DAYS, "gone"),
        ("withdrawn", timedelta(0), "gone"),
    ],
)
def test_a_survey_is_answered_once_and_in_time(state: Any, later: timedelta, standing: str) -> None:
    """R-FB-02: single use, expires in 7 days; nobody learns what became of an expired one."""
    assert answered(survey(state=state), Answer("reached", solved=True), MONDAY + later, POLICY) == standing


@pytest.mark.parametrize(
    ("call", "is_wanted"),
    [
        ({"missed": True}, True),
        ({"unresolved": True}, True),
        ({"callback_offered": True}, True),
        ({"unresolved": True, "callback_declined": True}, False),
        ({"callback_offered": True, "callback_declined": True}, False),
        ({"hold_seconds": 90.0, "exceeded": ("hold",)}, False),
        ({}, False),
    ],
)
def test_which_calls_are_returned(call: dict[str, Any], is_wanted: bool) -> None:
    """R-IN-10: missed, or unresolved and the callback not declined."""
    want = wanted(registered(call=Call(**call), agent_id="service-2"))
    assert (want is not None) == is_wanted


def test_a_contact_that_was_no_call_is_not_returned() -> None:
    """R-IN-10"""
    assert wanted(registered()) is None


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-11-23 10:00", "2026-11-23 10:10"),
        ("2026-11-23 20:00", "2026-11-24 09:10"),
        ("2026-11-27 16:55", "2026-11-30 09:05"),
    ],
)
def test_a_missed_call_is_returned_at_once(at: str, due: str) -> None:
    """R-IN-10: within ten office minutes since the customer called; by whom they spoke with, if it is service."""
    want = wanted(registered(call=Call(missed=True), occurred_at=local(at), agent_id="service-2"))
    assert want is not None
    planned = return_call_for(case(), "r1", want, POLICY)
    assert (planned.kind, planned.script, planned.due_at) == ("return_call", "return_call", local(due))
    assert planned.assignee == "service-2"
    stranger = wanted(registered(call=Call(missed=True), agent_id="market-1"))
    assert stranger is not None
    assert return_call_for(case(), "r1", stranger, POLICY).assignee is None
