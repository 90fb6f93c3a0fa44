"""The figures of one report, before they are put into words (R-FB-05). Nothing of it is personal."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Final

from services.feedback.domain.report.period import Period

LEVELS: Final = ("very_satisfied", "satisfied", "neutral", "dissatisfied", "very_dissatisfied", "not_rated")
LIMITS: Final = ("rings", "introduction", "hold", "call")


@dataclass(frozen=True, slots=True)
class Work:
    """Work orders of one department and category: opened, closed and so on in the period; open at its end."""

    department: str
    category: str
    opened: int = 0
    closed: int = 0
    cancelled: int = 0
    reopened: int = 0
    open: int = 0


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Deadlines of one metric that ended in the period; `category` is None where they are of no work order."""

    department: str
    category: str | None
    metric: str
    met: int
    breached: int


@dataclass(frozen=True, slots=True)
class Answers:
    """What customers of one department and category answered, called or by survey."""

    department: str
    category: str | None
    reached: int
    no_answer: int
    refused: int
    solved: int
    unsolved: int
    scored: int
    score_sum: int
    very_satisfied: int
    satisfied: int
    neutral: int
    dissatisfied: int
    very_dissatisfied: int
    not_rated: int

    @property
    def rated(self) -> int:
        """How many chose one of the five levels."""
        return self.reached - self.not_rated

    @property
    def content(self) -> int:
        """How many are satisfied or more."""
        return self.very_satisfied + self.satisfied


@dataclass(frozen=True, slots=True)
class Problem:
    """How many work orders about one topic were opened."""

    category: str
    topic: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Telephone:
    """The calls of one agent (None: of nobody, as missed ones may be), and how often each limit was exceeded."""

    agent_id: str | None
    calls: int
    missed: int
    rings: int
    introduction: int
    hold: int
    call: int


@dataclass(frozen=True, slots=True)
class Agent:
    """The quality of one agent's texts and reviewed conversations."""

    agent_id: str
    department: str
    texts: int
    forbidden: int
    evasions: int
    reviews: int
    expression: float | None
    problem_solving: float | None
    attitude: float | None


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of one period."""

    contacts: int = 0
    opened: int = 0
    closed: int = 0
    reopened: int = 0
    met: int = 0
    breached: int = 0
    answers: int = 0
    rated: int = 0
    content: int = 0
    scored: int = 0
    score_sum: int = 0

    @property
    def attainment(self) -> float | None:
        """The share of deadlines that were met, 0 to 1."""
        return share(self.met, self.met + self.breached)

    @property
    def satisfaction(self) -> float | None:
        """The share of those asked who are satisfied or more."""
        return share(self.content, self.rated)

    @property
    def score(self) -> float | None:
        """The mean score."""
        return share(self.score_sum, self.scored)

    def to_json(self) -> dict[str, int]:
        """Return the sums as they are kept with a published report."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Point:
    """One period of the trend."""

    first: date
    totals: Totals


@dataclass(frozen=True, slots=True)
class Case:
    """A work order worth a look: `overdue_seconds` of the wall beyond the deadline `metric`, so far where `pending`."""

    number: str
    category: str
    topic: str | None
    department: str
    grade: str
    score: int | None = None
    satisfaction: str | None = None
    reopenings: int = 0
    metric: str | None = None
    overdue_seconds: int | None = None
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Late:
    """What came too late for the published report of the period before."""

    period: Period
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one report tells."""

    period: Period
    made_at: datetime
    totals: Totals
    previous: Totals
    trend: Sequence[Point] = ()
    work: Sequence[Work] = ()
    deadlines: Sequence[Deadlines] = ()
    answers: Sequence[Answers] = ()
    channels: Sequence[tuple[str, int]] = ()
    problems: Sequence[Problem] = ()
    phrases: Sequence[tuple[str, int]] = ()
    telephone: Sequence[Telephone] = ()
    agents: Sequence[Agent] = ()
    complaints: Sequence[Case] = ()
    high_scores: Sequence[Case] = ()
    breaches: Sequence[Case] = ()
    late: Late | None = None
    policy_version: str = ""
    highest_score: int = field(default=10)

    @property
    def unfinished(self) -> bool:
        """Whether the period was not over when the report was made."""
        return self.made_at < self.period.end_at


def share(part: float, whole: float) -> float | None:
    """Return `part` of `whole`; None where there is nothing to divide by."""
    return part / whole if whole else None


def late_entries(period: Period, published: Mapping[str, int] | None, now: Totals) -> Late | None:
    """Return what the totals of a published period have gained since; None where nothing has changed."""
    if published is None:
        return None
    gained = {
        name: count - published.get(name, 0)
        for name, count in now.to_json().items()
        if name in {"contacts", "opened", "closed", "reopened", "met", "breached", "answers"}
    }
    changed = {name: count for name, count in gained.items() if count}
    return Late(period, changed) if changed else None
