"""A callback 回访: attempts are recorded until the customer answered, refused, or three half-days brought no answer.

Decided where the handbook leaves it open (R-FB-01, "three attempts on different office half-days"):
- A half-day is a local morning or afternoon in which the office opens, on the calendar of `service`.
- Only the first unanswered call of a half-day counts towards the three. A further one on the same half-day, one on
  a day or half-day on which the office stays closed, or one in the customers' quiet hours is recorded with its time
  and caller but does not count.
- What the customer said is kept only of a customer who was reached; at least one answer is needed (未评价 is none).
  Where nobody said whether the matter is solved, dissatisfaction alone reopens the work order.
- A reopened work order withdraws its open callback, since its result no longer stands. The supervisor's second
  contact after a low score outlives the reopening (R-FB-03 asks for both) and ends only with a cancellation.
- A low score given to the supervisor's own contact leads to no third one. Whoever ends that contact writes the
  improvement note, also where the customer did not want to hear (R-FB-03).
- A returned call (R-IN-10) comes before any result: nothing is asked, and it reopens nothing. It counts its attempts
  like the others, but leads to no survey.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from services.feedback.domain.refusal import Refusal, conflict, invalid
from shared.events import CallbackKind, CallbackOutcome, Satisfaction
from shared.policy import Policy

State = Literal["open", "completed", "withdrawn"]

CALLS: Final[tuple[CallbackKind, ...]] = ("callback", "supervisor_contact", "return_call")
"""The kinds that somebody has to call for; a survey is answered without an agent."""
ASKED: Final[frozenset[CallbackKind]] = frozenset({"callback", "survey"})
"""The kinds that ask about a result; a low score there makes the supervisor call (R-SLA-06)."""
UNSATISFIED: Final[tuple[Satisfaction, ...]] = ("dissatisfied", "very_dissatisfied")
_NOON: Final = 12 * 3600


@dataclass(frozen=True, slots=True)
class Callback:
    """One call to make. While it is open, `next_at` is the moment by which the next attempt is made."""

    id: str
    work_order_id: str
    kind: CallbackKind
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
    speed_satisfied: bool | None = None
    suggestion: str = ""
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
    """What an agent recorded about one attempt, or a customer wrote in a survey (R-FB-02)."""

    outcome: CallbackOutcome
    solved: bool | None = None
    score: int | None = None
    satisfaction: Satisfaction = "not_rated"
    speed_satisfied: bool | None = None
    suggestion: str = ""
    comment: str = ""

    @property
    def says_something(self) -> bool:
        """Whether it tells if the matter is solved, or how satisfied the customer is; 未评价 tells nothing."""
        return self.solved is not None or self.score is not None or self.satisfaction != "not_rated"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What follows from an answer: the work order goes back to its department, the supervisor calls (R-FB-03)."""

    reopen: bool = False
    second_contact: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an attempt led to. `counted` is how many calls count so far; the one that ended in talk always does."""

    callback: Callback
    attempt: Attempt
    counted: int
    conclusion: Conclusion = Conclusion()

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
    attempt = Attempt(len(earlier) + 1, answer.outcome, by, now, None)
    if answer.outcome == "no_answer":
        decided = _unanswered(callback, earlier, attempt, answer, policy)
    else:
        decided = _spoken(callback, earlier, attempt, answer, policy)
    return _lack(callback, answer, over=decided.over) or decided


def conclusion(answer: Answer, kind: CallbackKind, policy: Policy) -> Conclusion:
    """Return what follows from the `answer` of a customer who was reached (R-FB-03, R-SLA-06)."""
    if kind == "return_call":
        return Conclusion()
    low = answer.score is not None and answer.score < policy.feedback.second_contact_below
    return Conclusion(
        reopen=answer.solved is False or answer.satisfaction in UNSATISFIED, second_contact=low and kind in ASKED
    )


def said(callback: Callback, answer: Answer, by: str, at: datetime) -> Callback:
    """Return `callback` completed with everything that the customer said."""
    return replace(
        callback,
        state="completed",
        next_at=None,
        outcome=answer.outcome,
        solved=answer.solved,
        score=answer.score,
        satisfaction=answer.satisfaction,
        speed_satisfied=answer.speed_satisfied,
        suggestion=answer.suggestion,
        comment=answer.comment,
        completed_at=at,
        completed_by=by,
    )


def office_half_day(at: datetime, policy: Policy) -> str | None:
    """Return the name of the office half-day that `at` lies in; None where the office stays closed that half-day.

    Customers are left alone at night, so no call counts then (R-NT-05).
    """
    calendar = policy.calendar_of(policy.service.id)
    if calendar.local(at).time() in policy.notify.quiet_hours.hours:
        return None
    here = calendar.half_day(at)
    hours = calendar.intervals(here.day)
    opens = any(one.start < _NOON for one in hours) if here.half == "morning" else any(one.end > _NOON for one in hours)
    return f"{here.day} {here.half}" if opens else None


def _spoken(
    callback: Callback, earlier: Sequence[Attempt], attempt: Attempt, answer: Answer, policy: Policy
) -> Recorded:
    """Return the end of a callback whose customer answered the telephone; who refused said nothing else."""
    counted = len(_counted(earlier)) + 1
    if answer.outcome == "refused":
        refused = Answer("refused", comment=answer.comment)
        return Recorded(said(callback, refused, attempt.by, attempt.at), attempt, counted)
    done = said(callback, answer, attempt.by, attempt.at)
    return Recorded(done, attempt, counted, conclusion(answer, callback.kind, policy))


def _unanswered(
    callback: Callback, earlier: Sequence[Attempt], attempt: Attempt, answer: Answer, policy: Policy
) -> Recorded:
    calendar = policy.calendar_of(policy.service.id)
    half_day = office_half_day(attempt.at, policy)
    before = _counted(earlier)
    if half_day is not None and half_day not in before:
        attempt = replace(attempt, half_day=half_day)
        before |= {half_day}
    if len(before) >= policy.feedback.attempts:
        nothing = Answer("no_answer", comment=answer.comment)
        return Recorded(said(callback, nothing, attempt.by, attempt.at), attempt, len(before))
    following = calendar.next_opening(attempt.at)
    if half_day is not None or following <= attempt.at:
        following = calendar.next_half_day(attempt.at)
    return Recorded(replace(callback, next_at=following), attempt, len(before))


def _counted(earlier: Sequence[Attempt]) -> set[str]:
    return {attempt.half_day for attempt in earlier if attempt.half_day is not None}


def _lack(callback: Callback, answer: Answer, *, over: bool) -> Refusal | None:
    """Return what is missing: the answers of a customer who was reached (R-FB-02), the improvement note (R-FB-03)."""
    if answer.outcome == "reached" and callback.kind != "return_call" and not answer.says_something:
        return invalid(
            "solved",
            "A customer who was reached said something: record whether it is solved, a score or a satisfaction.",
        )
    if over and callback.kind == "supervisor_contact" and not answer.comment:
        return invalid("comment", "A supervisor's contact ends with an improvement note: write it as the comment.")
    return None
