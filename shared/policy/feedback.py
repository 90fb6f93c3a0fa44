"""Callbacks, surveys, scores and quality (handbook, section 6)."""

from typing import Annotated

from pydantic import Field

from shared.policy.base import Model, WrittenDuration

Score = Annotated[int, Field(ge=0, le=10)]
Phrases = tuple[Annotated[str, Field(min_length=1)], ...]


class QualityPolicy(Model):
    """What is looked for in agents' texts (R-FB-06)."""

    sample_percent: Annotated[int, Field(ge=0, le=100)]
    forbidden: Phrases
    evasions: Phrases


class FeedbackPolicy(Model):
    """How results are followed up."""

    attempts: Annotated[int, Field(ge=1, le=20)]
    """Callback attempts on different office half-days before the survey link is sent (R-FB-01)."""
    survey_expiry: WrittenDuration
    return_call: WrittenDuration
    """Within this time of a missed or unresolved call the customer is called back, at once that is (R-IN-10)."""
    good_score: Score
    """From here on a closed case may become knowledge (R-FB-04)."""
    second_contact_below: Score
    """A score below this is followed up by the supervisor (R-SLA-06)."""
    quality: QualityPolicy
