"""A callback 回访: attempts are recorded until the customer answered, refused, or three half-days brought no answer.

Decided where the handbook leaves it open (R-FB-01, "three attempts on different office half-days"):
- A half-day is a local morning or afternoon in which the office opens, on the calendar of `service`.
- Only the first unanswered call of a half-day counts towards the three. A further one on the same half-day, or one on
  a day or half-day on which the office stays closed, is recorded with its time and caller but does not count.
- What the customer said is kept only of a customer who was reached; at least one answer is needed (未评价 is none).
  Where nobody said whether the matter is solved, dissatisfaction alone reopens the work order.
- A reopened work order withdraws its open callback, since its result no longer stands. The supervisor's second
  contact after a low score outlives the reopening (R-FB-03 asks for both) and ends only with a cancellation.
- A low score given to the supervisor's own contact leads to no third one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from services.feedback.domain.refusal import Refusal, conflict, invalid
from shared.events import CallbackOutcome, Satisfaction
from shared.policy import BusinessCalendar, Policy

Kind = Literal["callback", "supervisor_contact"]
State = Literal["open", "completed", "withdrawn"]

UNSATISFIED: Final[tuple[Satisfaction, ...]] = ("dissatisfied", "very_dissatisfied")
_NOON: Final = 12 * 3600


@dataclass(frozen=True, slots=True)
class Callback:
    """One call to make. While it is open, `next_at` is the moment by which the next attempt is made."""

    id: str
    work_order_id: str
    kind: Kind
    cycle: int
    script: str
    assignee: str | None
    scheduled_at: datetime
    due_at: datetime
    state: State = "open"
    next_at: datetime | None = None
    outcome: CallbackOutcome | None = None
    solved: bool | None = None
    score: int | None = None
    satisfaction: Satisfaction = "not_rated"
    comment: str = ""
    completed_at: datetime | None = None
    completed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call that was made; `half_day` (`2026-11-23 morning`) is None for one that does not count."""

    number: int
    outcome: CallbackOutcome
    by: str
    at: datetime
    half_day: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agent recorded about one attempt (R-FB-02)."""

    outcome: CallbackOutcome
    solved: bool | None = None
    score: int | None = None
    satisfaction: Satisfaction = "not_rated"
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an attempt led to. `counted` is how many calls count so far; the one that ended in talk always does."""

    callback: Callback
    attempt: Attempt
    counted: int
    reopen: bool = False
    second_contact: bool = False

    @property
    def over(self) -> bool:
        """Whether the callback is completed."""
        return self.callback.state == "completed"


def record(
    callback: Callback, earlier: Sequence[Attempt], answer: Answer, by: str, now: datetime, policy: Policy
) -> Recorded | Refusal:
    """Decide what an attempt made by `by` at `now` leads to; `earlier` are the attempts made before."""
    if callback.state == "completed":
        return conflict(f"The callback is completed with the outcome {callback.outcome}; nothing more can be recorded.")
    if callback.state == "withdrawn":
        return conflict("The callback is withdrawn: its work order was reopened or cancelled.")
    if answer.outcome == "reached" and (lack := _lack(answer)) is not None:
        return lack
    number = len(earlier) + 1
    if answer.outcome == "no_answer":
        return _unanswered(callback, earlier, Attempt(number, "no_answer", by, now, None), answer.comment, policy)
    attempt = Attempt(number, answer.outcome, by, now, None)
    counted = len(_counted(earlier)) + 1
    if answer.outcome == "refused":
        return Recorded(_completed(callback, attempt, answer.comment), attempt, counted)
    done = replace(
        _completed(callback, attempt, answer.comment),
        solved=answer.solved,
        score=answer.score,
        satisfaction=answer.satisfaction,
    )
    low = answer.score is not None and answer.score < policy.feedback.second_contact_below
    return Recorded(
        done,
        attempt,
        counted,
        reopen=answer.solved is False or answer.satisfaction in UNSATISFIED,
        second_contact=low and callback.kind == "callback",
    )


def office_half_day(at: datetime, calendar: BusinessCalendar) -> str | None:
    """Return the name of the office half-day that `at` lies in; None where the office stays closed that half-day."""
    here = calendar.half_day(at)
    hours = calendar.intervals(here.day)
    opens = any(one.start < _NOON for one in hours) if here.half == "morning" else any(one.end > _NOON for one in hours)
    return f"{here.day} {here.half}" if opens else None


def _unanswered(
    callback: Callback, earlier: Sequence[Attempt], attempt: Attempt, comment: str, policy: Policy
) -> Recorded:
    calendar = policy.calendar_of(policy.service.id)
    half_day = office_half_day(attempt.at, calendar)
    before = _counted(earlier)
    if half_day is not None and half_day not in before:
        attempt = replace(attempt, half_day=half_day)
        before |= {half_day}
    if len(before) >= policy.feedback.attempts:
        return Recorded(_completed(callback, attempt, comment), attempt, len(before))
    return Recorded(replace(callback, next_at=calendar.next_half_day(attempt.at)), attempt, len(before))


def _completed(callback: Callback, attempt: Attempt, comment: str) -> Callback:
    return replace(
        callback,
        state="completed",
        next_at=None,
        outcome=attempt.outcome,
        comment=comment,
        completed_at=attempt.at,
        completed_by=attempt.by,
    )


def _counted(earlier: Sequence[Attempt]) -> set[str]:
    return {attempt.half_day for attempt in earlier if attempt.half_day is not None}


def _lack(answer: Answer) -> Refusal | None:
    """Return what is missing in the answers of a customer who was reached (R-FB-02)."""
    if answer.solved is None and answer.score is None and answer.satisfaction == "not_rated":
        return invalid(
            "solved",
            "A customer who was reached said something: record whether it is solved, a score or a satisfaction.",
        )
    return None
