"""A survey 满意度调查: the questions of a callback in writing, once no call has reached the customer (R-FB-01, R-FB-02).

Decided where the handbook leaves it open:
- One survey for each callback that was given up because nobody answered; who refused to talk is not written to.
- It can be answered once, until it expires. A work order that is reopened, cancelled or merged withdraws its survey.
- Its answer counts like one on the telephone: it reopens, and a low score makes the supervisor call (R-FB-03).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from services.feedback.domain.callback import Answer, Callback, Conclusion, conclusion, said
from shared.events import SurveyIssued
from shared.policy import Policy, due

CUSTOMER: Final = "customer"
"""`by` of what a customer did without an agent."""

State = Literal["open", "answered", "withdrawn"]
Standing = Literal["open", "answered", "gone"]


@dataclass(frozen=True, slots=True)
class Survey:
    """One survey. `script` is the callback's, and says about what kind of matter it asks."""

    id: str
    callback_id: str
    work_order_id: str
    cycle: int
    script: str
    issued_at: datetime
    expires_at: datetime
    state: State = "open"
    answered_at: datetime | None = None

    def standing(self, now: datetime) -> Standing:
        """Return what its link leads to at `now`; after it expired nobody is told what became of it."""
        if now >= self.expires_at or self.state == "withdrawn":
            return "gone"
        return self.state


@dataclass(frozen=True, slots=True)
class Answered:
    """A survey with its answer, which is kept as a callback that was made without an agent."""

    survey: Survey
    callback: Callback
    conclusion: Conclusion


def survey_after(callback: Callback, survey_id: str, now: datetime, policy: Policy) -> Survey | None:
    """Return the survey of a `callback` that is given up because nobody answered; None for any other end."""
    if callback.kind != "callback" or callback.state != "completed" or callback.outcome != "no_answer":
        return None
    expires_at = due(now, policy.feedback.survey_expiry, policy.calendar_of(policy.service.id))
    return Survey(
        id=survey_id,
        callback_id=callback.id,
        work_order_id=callback.work_order_id,
        cycle=callback.cycle,
        script=callback.script,
        issued_at=now,
        expires_at=expires_at,
    )


def issued(survey: Survey, number: str, department: str) -> SurveyIssued:
    """Return the event that tells of a new survey."""
    return SurveyIssued(
        survey_id=survey.id,
        callback_id=survey.callback_id,
        work_order_id=survey.work_order_id,
        number=number,
        cycle=survey.cycle,
        department=department,
        expires_at=survey.expires_at,
        at=survey.issued_at,
    )


def answered(survey: Survey, answer: Answer, now: datetime, policy: Policy) -> Answered | Literal["answered", "gone"]:
    """Return what an answer given at `now` leads to, or why it comes too late."""
    standing = survey.standing(now)
    if standing != "open":
        return standing
    made = Callback(
        id=survey.id,
        work_order_id=survey.work_order_id,
        kind="survey",
        cycle=survey.cycle,
        script=survey.script,
        assignee=None,
        scheduled_at=survey.issued_at,
        due_at=survey.expires_at,
    )
    return Answered(
        replace(survey, state="answered", answered_at=now),
        said(made, answer, CUSTOMER, now),
        conclusion(answer, made.kind, policy),
    )
