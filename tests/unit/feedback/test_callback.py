"""What an attempt of a callback leads to (R-FB-01 to R-FB-03)."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.feedback.domain.callback import (
    UNSATISFIED,
    Answer,
    Attempt,
    Callback,
    Conclusion,
    Recorded,
    office_half_day,
    record,
)
from services.feedback.domain.permission import may_call, may_review
from services.feedback.domain.refusal import Refusal
from services.feedback.handlers.callbacks import answer_of
from shared.events import Satisfaction
from shared.events.commands import RecordCallback
from shared.policy import load_policy
from tests.unit.feedback.builders import MONDAY, callback, local

POLICY = load_policy()
CALENDAR = POLICY.calendar_of("service")
SATISFACTIONS: tuple[Satisfaction, ...] = (
    "very_satisfied",
    "satisfied",
    "neutral",
    "dissatisfied",
    "very_dissatisfied",
    "not_rated",
)


def recorded(answer: Answer, earlier: tuple[Attempt, ...] = (), **changes: Any) -> Recorded:
    result = record(callback(**changes), earlier, answer, "service-1", MONDAY, POLICY)
    assert isinstance(result, Recorded)
    return result


def refused(answer: Answer, **changes: Any) -> Refusal:
    result = record(callback(**changes), (), answer, "service-1", MONDAY, POLICY)
    assert isinstance(result, Refusal)
    return result


@given(st.none() | st.booleans(), st.none() | st.integers(0, 10), st.sampled_from(SATISFACTIONS))
def test_a_customer_who_was_reached_decides(solved: bool | None, score: int | None, satisfaction: Satisfaction) -> None:
    """R-FB-02, R-FB-03, R-SLA-06: over every answer that a customer can give."""
    answer = Answer("reached", solved, score, satisfaction)
    if solved is None and score is None and satisfaction == "not_rated":
        assert refused(answer).field == "solved"
        return
    result = recorded(answer)
    assert result.over
    assert result.conclusion.reopen == (solved is False or satisfaction in UNSATISFIED)
    assert result.conclusion.second_contact == (score is not None and score < 8)
    after = result.callback
    assert (after.solved, after.score, after.satisfaction, after.next_at) == (solved, score, satisfaction, None)


def test_nobody_is_reached_without_an_answer() -> None:
    """R-FB-02: refused in one sentence that says what to record."""
    refusal = refused(Answer("reached"))
    assert (refusal.status, refusal.field) == (422, "solved")
    assert "a score or a satisfaction" in refusal.detail


@pytest.mark.parametrize(
    ("answer", "reopen"),
    [
        (Answer("reached", score=9), False),
        (Answer("reached", score=2), False),
        (Answer("reached", satisfaction="satisfied"), False),
        (Answer("reached", satisfaction="dissatisfied"), True),
    ],
)
def test_whether_it_is_solved_may_be_unknown(answer: Answer, reopen: bool) -> None:
    """R-FB-02, R-FB-03: only dissatisfaction reopens then."""
    result = recorded(answer)
    assert (result.over, result.conclusion.reopen, result.callback.solved) == (True, reopen, None)


@pytest.mark.parametrize("satisfaction", [{}, {"satisfaction": None}, {"satisfaction": "not_rated"}])
def test_no_satisfaction_is_not_rated(satisfaction: dict[str, Any]) -> None:
    """R-FB-02: null in the command as well as leaving it out."""
    given = {"command_id": "1", "by": "service-1", "callback_id": "cb1", "outcome": "reached", "score": 9}
    assert answer_of(RecordCallback.model_validate(given | satisfaction)).satisfaction == "not_rated"


@pytest.mark.parametrize("answer", [Answer("reached", solved=True, score=9), Answer("refused")])
def test_the_call_that_ended_in_talk_counts(answer: Answer) -> None:
    """R-FB-01: after two unanswered calls on one half-day, of which one counts, it is the second."""
    made = tuple(Attempt(n, "no_answer", "service-1", MONDAY, h) for n, h in ((1, "2026-11-20 morning"), (2, None)))
    assert recorded(answer).counted == 1
    assert recorded(answer, made).counted == 2


@pytest.mark.parametrize("outcome", ["no_answer", "refused"])
def test_what_nobody_said_is_not_kept(outcome: Any) -> None:
    """R-FB-01 (decided): answers belong to a customer who was reached."""
    result = recorded(Answer(outcome, solved=False, score=0, satisfaction="very_dissatisfied"))
    assert (result.conclusion.reopen, result.conclusion.second_contact) == (False, False)
    assert (result.callback.solved, result.callback.score, result.callback.satisfaction) == (None, None, "not_rated")


def test_the_supervisors_contact_leads_to_no_third_one() -> None:
    """R-SLA-06 (decided): but it can reopen the work order."""
    result = recorded(Answer("reached", solved=False, score=0, comment="回访须当天完成"), kind="supervisor_contact")
    assert (result.conclusion.reopen, result.conclusion.second_contact) == (True, False)


@pytest.mark.parametrize("answer", [Answer("reached", solved=True, score=7), Answer("refused")])
def test_the_supervisors_contact_ends_with_an_improvement_note(answer: Answer) -> None:
    """R-FB-03: also where the customer did not want to hear; while the supervisor tries again, none is due."""
    refusal = refused(answer, kind="supervisor_contact")
    assert (refusal.status, refusal.field) == (422, "comment")
    noted = recorded(replace(answer, comment="承诺的时间要写进工作单"), kind="supervisor_contact")
    assert (noted.over, noted.callback.comment) == (True, "承诺的时间要写进工作单")
    assert not recorded(Answer("no_answer"), kind="supervisor_contact").over


@pytest.mark.parametrize("answer", [Answer("reached"), Answer("reached", solved=False, score=1), Answer("refused")])
def test_a_returned_call_asks_nothing_and_reopens_nothing(answer: Answer) -> None:
    """R-IN-10: there is no result yet to be satisfied with."""
    result = recorded(answer, kind="return_call")
    assert result.over
    assert result.conclusion == Conclusion()


def test_speed_and_suggestion_are_kept() -> None:
    """R-FB-02: what the callback asks beside the score; neither alone is an answer."""
    result = recorded(Answer("reached", True, 9, "satisfied", speed_satisfied=False, suggestion="快一点"))
    assert (result.callback.speed_satisfied, result.callback.suggestion) == (False, "快一点")
    assert refused(Answer("reached", speed_satisfied=True, suggestion="快一点")).field == "solved"


@pytest.mark.parametrize(("state", "word"), [("completed", "completed"), ("withdrawn", "withdrawn")])
def test_what_is_over_takes_no_record(state: Any, word: str) -> None:
    refusal = refused(Answer("no_answer"), state=state)
    assert refusal.status == 409
    assert word in refusal.detail


@given(st.lists(st.integers(0, 6 * 24 * 60), min_size=1, max_size=25).map(sorted))
def test_giving_up_takes_three_office_half_days(minutes: list[int]) -> None:
    """R-FB-01: whatever the moments of the calls, the third different office half-day completes, and none before."""
    state: Callback = callback()
    made: tuple[Attempt, ...] = ()
    seen: set[str] = set()
    for minute in minutes:
        at = MONDAY + timedelta(minutes=minute)
        result = record(state, made, Answer("no_answer"), "service-1", at, POLICY)
        if len(seen) >= POLICY.feedback.attempts:
            assert isinstance(result, Refusal)
            return
        assert isinstance(result, Recorded)
        half_day = office_half_day(at, POLICY)
        seen |= {half_day} if half_day else set()
        state, made = result.callback, (*made, result.attempt)
        assert result.counted == len(seen)
        assert result.over == (len(seen) == POLICY.feedback.attempts)
        if not result.over:
            assert state.next_at is not None
            assert CALENDAR.is_open(state.next_at)
            assert state.next_at > at
            assert not half_day or CALENDAR.half_day(state.next_at) != CALENDAR.half_day(at)
    assert [one.number for one in made] == list(range(1, len(made) + 1))
    counted = [one.half_day for one in made if one.half_day]
    assert all(one != following for one, following in pairwise(counted))


@pytest.mark.parametrize(
    ("at", "half_day"),
    [
        ("2026-11-23 09:00", "2026-11-23 morning"),
        ("2026-11-23 11:59", "2026-11-23 morning"),
        ("2026-11-23 12:00", "2026-11-23 afternoon"),
        ("2026-11-23 08:00", "2026-11-23 morning"),
        ("2026-11-23 19:00", "2026-11-23 afternoon"),
        ("2026-11-23 20:59", "2026-11-23 afternoon"),
        ("2026-11-23 21:00", None),
        ("2026-11-24 00:21", None),
        ("2026-11-24 07:59", None),
        ("2026-11-22 10:00", None),
        ("2026-10-01 10:00", None),
        ("2026-10-10 10:00", "2026-10-10 morning"),
    ],
)
def test_half_days_follow_the_office_calendar(at: str, half_day: str | None) -> None:
    """R-FB-01, R-SLA-13: a Sunday and a holiday are no office half-days, a make-up Saturday is; nobody is called at night."""
    assert office_half_day(local(at), POLICY) == half_day


def test_a_call_by_night_leaves_the_morning_to_come() -> None:
    """R-FB-01, R-NT-05: it is recorded, does not count, and the next attempt is due when the office opens."""
    result = record(callback(), (), Answer("no_answer"), "service-1", local("2026-11-24 00:21"), POLICY)
    assert isinstance(result, Recorded)
    assert (result.counted, result.attempt.half_day, result.callback.next_at) == (0, None, local("2026-11-24 09:00"))


@pytest.mark.parametrize(
    ("by", "kind", "allowed"),
    [
        ("service-1", "callback", True),
        ("service-supervisor", "callback", True),
        ("service-2", "return_call", True),
        ("market-1", "return_call", False),
        ("market-1", "callback", False),
        ("market-supervisor", "callback", False),
        ("general-manager", "callback", False),
        ("market-supervisor", "supervisor_contact", True),
        ("service-supervisor", "supervisor_contact", True),
        ("network-supervisor", "supervisor_contact", False),
        ("market-head", "supervisor_contact", False),
        ("service-1", "supervisor_contact", False),
    ],
)
def test_only_service_calls_back_and_supervisors_make_the_second_contact(by: str, kind: Any, allowed: bool) -> None:
    """R-RT-07, R-SLA-06."""
    staff = POLICY.staff(by)
    assert staff is not None
    assert (may_call(staff, kind, "market", POLICY) is None) == allowed


def test_only_supervisors_review_knowledge() -> None:
    """R-FB-04: of every member of the directory."""
    allowed = {one.id for one in POLICY.staff_directory.values() if may_review(one) is None}
    assert allowed == {f"{department}-supervisor" for department in POLICY.departments}


def test_whom_the_second_contact_was_given_to_makes_it_wherever_the_work_order_goes() -> None:
    """R-FB-03, R-SLA-06: the supervisor who was named may record it after a transfer; a callback stays with service."""
    named = POLICY.staff("network-supervisor")
    assert named is not None
    assert may_call(named, "supervisor_contact", "market", POLICY) is not None
    assert may_call(named, "supervisor_contact", "market", POLICY, "network-supervisor") is None
    assert may_call(named, "callback", "market", POLICY, "network-supervisor") is not None
