"""The review of a sampled conversation: who may score it, and how (R-FB-06)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.feedback.domain.refusal import Refusal, conflict, forbidden, invalid
from shared.policy import Policy, Staff

State = Literal["open", "scored"]
ASPECTS = ("expression", "problem_solving", "attitude")


@dataclass(frozen=True, slots=True)
class Review:
    """A conversation of one agent on one work order, and its scores once it has them."""

    id: str
    work_order_id: str
    number: str
    agent_id: str
    department: str
    began_at: datetime
    last_at: datetime
    state: State = "open"
    expression: int | None = None
    problem_solving: int | None = None
    attitude: int | None = None
    comment: str = ""
    reviewer: str | None = None
    scored_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scores:
    """Each from 0 to the policy's highest."""

    expression: int
    problem_solving: int
    attitude: int
    comment: str = ""


def score(review: Review, scores: Scores, staff: Staff, now: datetime, policy: Policy) -> Review | Refusal:
    """Decide what becomes of `review`; a review is scored once, and never by the agent it is about."""
    if (refusal := may_see(staff, review.agent_id, review.department, policy, reviewer=True)) is not None:
        return refusal
    highest = policy.feedback.quality.highest_score
    for name in ASPECTS:
        if getattr(scores, name) > highest:
            return invalid(name, f"Scores go from 0 to {highest}.")
    if review.state == "scored":
        return conflict(f"The conversation was scored by {review.reviewer} already.")
    return replace(
        review,
        state="scored",
        expression=scores.expression,
        problem_solving=scores.problem_solving,
        attitude=scores.attitude,
        comment=scores.comment.strip(),
        reviewer=staff.id,
        scored_at=now,
    )


def may_see(
    staff: Staff, agent_id: str | None, department: str | None, policy: Policy, *, reviewer: bool = False
) -> Refusal | None:
    """Return why `staff` may not see the quality of that agent or department; None where they may.

    An agent sees their own results; supervisor and head their department's; the supervisor of `service` and the
    manager everybody's. As a `reviewer` nobody sees their own conversations, and no mere agent any.
    """
    if agent_id == staff.id:
        return forbidden("Nobody reviews their own conversations.") if reviewer else None
    if staff.role == "manager" or (staff.role == "supervisor" and staff.department == policy.service.id):
        return None
    if staff.role in {"supervisor", "head"} and department == staff.department:
        return None
    return forbidden(f"{staff.id} sees the quality of others only as their supervisor or head.")
