"""Quality 质检: what was found in agents' texts, and how their conversations were scored (R-FB-06)."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import Event, Moment


class QualityFinding(BaseModel):
    """One phrase of the policy that a text holds."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["forbidden", "evasion"]
    phrase: str = Field(description="as the policy names it")


class QualityFound(Event):
    """A text of an agent holds forbidden phrases or evasions."""

    TYPE: ClassVar[str] = "yingda.quality.found.v1"

    work_order_id: str
    number: str
    agent_id: str
    department: str = Field(description="the agent's")
    source: Literal["responded", "resolved", "promised", "callback"]
    findings: tuple[QualityFinding, ...]
    at: Moment


class QualityReviewed(Event):
    """A sampled conversation was scored, from 0 to the policy's highest."""

    TYPE: ClassVar[str] = "yingda.quality.reviewed.v1"

    review_id: str
    work_order_id: str
    number: str
    agent_id: str
    department: str
    expression: int
    problem_solving: int
    attitude: int
    by: str
    at: Moment
