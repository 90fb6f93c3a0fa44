"""Commands on the quality of agents' texts, answered by feedback (R-FB-06)."""

from typing import ClassVar, Literal

from pydantic import Field

from shared.events.base import Moment
from shared.events.commands.base import Command


class CheckText(Command):
    """Look for forbidden phrases and evasions in a text before it is sent; nothing is counted."""

    SUBJECT: ClassVar[str] = "yingda.command.quality.check"

    text: str = Field(min_length=1, max_length=10_000)


class ListReviews(Command):
    """List the sampled conversations, those that wait longest for their review first."""

    SUBJECT: ClassVar[str] = "yingda.command.quality.list"

    state: Literal["open", "scored"] = "open"
    agent_id: str | None = None
    department: str | None = None
    limit: int = Field(default=50, ge=1, le=200)


class ScoreReview(Command):
    """Score a sampled conversation; the scale is the policy's."""

    SUBJECT: ClassVar[str] = "yingda.command.quality.score"

    review_id: str = Field(min_length=1, max_length=200)
    expression: int = Field(ge=0)
    problem_solving: int = Field(ge=0)
    attitude: int = Field(ge=0)
    comment: str | None = Field(default=None, max_length=2_000)


class QualityResults(Command):
    """Ask for the results per agent and period: texts, findings, and the means of the reviews."""

    SUBJECT: ClassVar[str] = "yingda.command.quality.results"

    agent_id: str | None = None
    department: str | None = None
    since: Moment | None = Field(default=None, description="none: the twelve periods until now")
    until: Moment | None = None
    period: Literal["week", "month"] = "week"
