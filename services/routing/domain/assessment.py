"""What follows from a category: department, grade, sensitivity, missing fields, cut-off (R-RT-02 to R-RT-05, R-IN-07)."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from services.routing.domain.employee import employee_department
from services.routing.domain.grade import departments_asked, grade
from services.routing.domain.matter import Matter, narrated
from services.routing.domain.planned import planned_for
from services.routing.domain.register import missing_fields
from services.routing.domain.sensitive import sensitive
from services.routing.domain.tendency import tendency
from shared.events import Emotion, Grade, Tendency
from shared.policy import Category, Policy
from shared.values import frozen

_RANK: Final[dict[Grade, int]] = {"normal": 0, "complex": 1, "urgent": 2}


@frozen
class Assessment:
    """What category and topic of a matter entail."""

    department: str
    grade: Grade
    sensitive: bool
    sensitive_reasons: tuple[str, ...]
    tendency: Tendency | None
    missing_fields: tuple[str, ...]
    cutoff_at: datetime | None


def assess(
    matter: Matter,
    *,
    category: str,
    topic: str | None,
    emotion: Emotion | None,
    complaints_before: int,
    registered_at: datetime,
    policy: Policy,
    collaborators: Collection[str] = (),
) -> Assessment:
    """Assess `matter` under a category that the policy knows; `collaborators` were asked for help already."""
    entry = policy.category(category)
    department = department_of(entry, topic, matter, policy)
    judged = sensitive(category, narrated(matter), complaints_before)
    needed = {department, *departments_asked(matter), *collaborators}
    return Assessment(
        department=department,
        grade=_grade(entry, emotion, judged.flag, needed, policy),
        sensitive=judged.flag,
        sensitive_reasons=judged.reasons,
        tendency=tendency(judged.reasons, emotion, complaints_before, entry, policy),
        missing_fields=missing_fields(category, topic, matter, entry.required, policy.staff_directory),
        cutoff_at=policy.calendar_of(department).cutoff(registered_at, entry.cutoff)
        if entry.cutoff
        else planned_for(entry, matter, registered_at, policy),
    )


def department_of(entry: Category, topic: str | None, matter: Matter, policy: Policy) -> str:
    """Return the owner by the table; for a complaint about staff the employee's department (R-RT-02)."""
    if entry.department_from == "employee":
        found = employee_department(matter, policy.staff_directory)
        return found if found in policy.departments else entry.department
    return policy.department_for(entry.id, topic)


def _grade(entry: Category, emotion: Emotion | None, flag: bool, needed: Collection[str], policy: Policy) -> Grade:
    """Grade by R-RT-04; the policy says which emotions press, and the least grade of a category."""
    if emotion in policy.routing.urgent_emotions:
        return "urgent"
    by_matter: Grade = grade(entry.id, None, flag, needed)
    return max(by_matter, entry.grade or "normal", key=_RANK.__getitem__)
