"""A closed case as a knowledge builder sees it: what it was about and how it went, without personal data (R-FB-04)."""

from dataclasses import dataclass
from datetime import datetime

from services.feedback.domain.case import Case
from services.feedback.domain.customer import Customer
from services.feedback.domain.drafting import scenario_of
from services.feedback.domain.redact import redact
from shared.events import Grade
from shared.policy import Policy


@dataclass(frozen=True, slots=True)
class ClosedCase:
    """A work order that was closed well. In its texts masks such as `[姓名]` stand for what names somebody."""

    problem: str
    """What the customer wrote or said; never empty."""
    solution: str
    """The result on record; never empty."""
    category: str
    topic: str | None
    scenario: str
    """Category, topic and grade by their names, in the customer's language."""
    grade: Grade
    department: str
    channel: str
    locale: str
    score: int | None
    """What the customer gave, 0 to 10."""
    cycle: int
    """Above 1 it was reopened before."""
    tags: tuple[str, ...]
    opened_at: datetime | None
    ended_at: datetime | None


def closed_case(case: Case, customer: Customer, policy: Policy) -> ClosedCase | None:
    """Return the case as a builder may see it; None where the contact left no text."""
    problem = redact(customer.text, customer).strip()
    if not problem:
        return None
    return ClosedCase(
        problem=problem,
        solution=redact(case.resolution, customer).strip(),
        category=case.category,
        topic=case.topic,
        scenario=scenario_of(case, customer.locale, policy),
        grade=case.grade,
        department=case.department,
        channel=customer.channel,
        locale=customer.locale,
        score=case.score,
        cycle=case.cycle,
        tags=tuple(redact(tag, customer) for tag in case.tags),
        opened_at=case.opened_at,
        ended_at=case.ended_at,
    )
