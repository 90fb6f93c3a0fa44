"""Callbacks, surveys, scores and quality (handbook, section 6)."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from shared.policy.base import Key, Model, Text, WrittenDuration, WrittenTime

Score = Annotated[int, Field(ge=0, le=10)]
Phrases = tuple[Annotated[str, Field(min_length=1)], ...]


class Wording(Model):
    """What belongs to one phrase that agents must not use: other ways to say it, and where it is none."""

    like: Phrases = ()
    """Close wordings that count as the phrase."""
    not_in: Phrases = ()
    """Longer expressions that hold the phrase and are harmless."""
    instead: Text | None = None
    """What an agent says instead."""


class QualityPolicy(Model):
    """What is looked for in agents' texts, and how conversations are reviewed (R-FB-06)."""

    sample_percent: Annotated[int, Field(ge=0, le=100)]
    """Share of the conversations (one agent, one work order) that a supervisor reviews."""
    highest_score: Annotated[int, Field(ge=1, le=100)] = 10
    """Reviews score expression, problem solving and attitude from 0 to this, as customers score."""
    forbidden: Phrases
    evasions: Phrases
    wordings: Annotated[Mapping[str, Wording], Field(default_factory=dict)]
    """By a phrase of the two lists."""

    @model_validator(mode="after")
    def _of_known_phrases(self) -> Self:
        unknown = sorted(set(self.wordings) - {*self.forbidden, *self.evasions})
        if unknown:
            raise ValueError(f'"{unknown[0]}" has wordings and is neither forbidden nor an evasion')
        return self


class KnowledgePolicy(Model):
    """How closed cases become knowledge (R-FB-04)."""

    builder: Key = "default"
    """The plugin that drafts; its settings stand in `plugins.knowledge_builders`."""
    similar_percent: Annotated[int, Field(ge=1, le=100)] = 45
    """Share of their terms that two problems have in common where they count as the same one."""
    same_category_percent: Annotated[int, Field(ge=0, le=100)] = 20
    """How much further up an entry of the work order's own category is suggested."""
    usefulness_percent: Annotated[int, Field(ge=0, le=90)] = 40
    """How far the ratings of an entry move its score at most, up or down."""


class WeeklySchedule(Model):
    """When the report of the week before is made."""

    day: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = "mon"
    at: WrittenTime


class MonthlySchedule(Model):
    """When the report of the month before is made."""

    day: Annotated[int, Field(ge=1, le=28)] = 1
    at: WrittenTime


class ReportPolicy(Model):
    """What reports hold and when they are made, in local time (R-FB-05)."""

    weekly: WeeklySchedule
    monthly: MonthlySchedule
    languages: Annotated[tuple[Literal["zh", "en"], ...], Field(min_length=1)] = ("zh", "en")
    """A file each; the address of the first is published."""
    trend: Annotated[int, Field(ge=1, le=52)] = 8
    """Periods shown side by side."""
    problems: Annotated[int, Field(ge=1, le=100)] = 10
    """Most frequent problems listed."""
    least_customers: Annotated[int, Field(ge=1)] = 3
    """A phrase is listed only where this many different customers used it, so that it tells of nobody."""
    high_score: Score = 9
    """Cases with this score are worth a review."""
    cases: Annotated[int, Field(ge=1, le=500)] = 20
    """Cases listed of each kind."""


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
    knowledge: Annotated[KnowledgePolicy, Field(default_factory=KnowledgePolicy)]
    reports: ReportPolicy
