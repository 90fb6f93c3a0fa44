"""The policy: every figure and table of the handbook as one frozen value, with the look-ups that the services need."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Final, Self, TypeVar

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from shared.policy.base import Grade, Key, Metric, Model, Text, ZoneName, with_ids
from shared.policy.calendar import BusinessCalendar
from shared.policy.calendars import CalendarSpec, Holiday, HolidaySet
from shared.policy.categories import ByGrade, Category
from shared.policy.departments import Department, Staff
from shared.policy.durations import Duration
from shared.policy.errors import UnknownNameError
from shared.policy.feedback import FeedbackPolicy
from shared.policy.intake import IntakePolicy
from shared.policy.notify import NotifyPolicy
from shared.policy.plugins import USED_AS_NAMED, PluginsPolicy, Use, uses_of
from shared.policy.references import broken_references
from shared.policy.routing import RoutingPolicy
from shared.policy.sla import SlaPolicy

T = TypeVar("T")

#: Error type of faults between parts, which the loader reports itself, each at its own line.
BROKEN_REFERENCES: Final = "broken_references"


class Policy(Model):
    """What the business asks of the system. Load one with `shared.policy.load_policy`."""

    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$")]
    timezone: ZoneName
    locale: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
    calendar_name: Annotated[Key, Field(alias="calendar")]
    grades: Mapping[Grade, Text]
    calendars: Annotated[Mapping[Key, CalendarSpec], Field(min_length=1)]
    holidays: Annotated[Mapping[Key, HolidaySet], Field(default_factory=dict)]
    departments: Annotated[Mapping[Key, Department], Field(min_length=1)]
    staff_directory: Annotated[Mapping[str, Staff], Field(alias="staff", min_length=1)]
    field_names: Annotated[Mapping[Key, Text], Field(alias="fields")]
    categories: Annotated[Mapping[Key, Category], Field(min_length=1)]
    plugins: PluginsPolicy = PluginsPolicy()
    intake: IntakePolicy
    routing: RoutingPolicy
    sla: SlaPolicy
    notify: NotifyPolicy
    feedback: FeedbackPolicy

    _ids = field_validator("departments", "staff_directory", "categories", mode="before")(with_ids)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        problems = [
            f"{'.'.join(map(str, problem.path))}: {problem.message}" for problem in broken_references(self.plain)
        ]
        if problems:
            raise PydanticCustomError(BROKEN_REFERENCES, "{problems}", {"problems": "; ".join(problems)})
        return self

    @cached_property
    def plain(self) -> dict[str, object]:
        """The normalised content as JSON data, in the form of the file."""
        return self.model_dump(mode="json", by_alias=True)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the normalised content, in hex: comments, order of keys and ways of writing a duration do not count."""
        text = json.dumps(self.plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def policy_version(self) -> str:
        """What events carry: the version and the first 8 digits of the digest (R-SLA-12)."""
        return f"{self.version}+{self.digest[:8]}"

    @property
    def plugin_uses(self) -> tuple[Use, ...]:
        """Every plugin that is named where it is used, and not (only) in the section `plugins`."""
        return tuple(uses_of(self.plugins, self.calendars, self.routing, self.sla, self.notify, self.feedback))

    def plugins_used(self, kind: str) -> tuple[str, ...]:
        """Return the names of the plugins of `kind` that are loaded by whoever needs them, sorted."""
        used = {use.name for use in self.plugin_uses if use.kind == kind}
        return tuple(sorted(used | set(self.plugins.named(kind) if kind in USED_AS_NAMED else ())))

    def category(self, name: str) -> Category:
        """Return the category; UnknownNameError if there is none."""
        return _known("category", name, self.categories)

    def department(self, name: str) -> Department:
        """Return the department; UnknownNameError if there is none."""
        return _known("department", name, self.departments)

    def department_for(self, category: str, topic: str | None = None) -> str:
        """Return the department that owns such a work order (R-RT-02).

        Without a topic, or with one that the category does not have, it is the category's own. A staff complaint
        goes to the department of the employee, which the caller looks up.
        """
        entry = self.category(category)
        known = entry.topics.get(topic) if topic else None
        return known.department if known else entry.department

    def staff(self, staff_id: str) -> Staff | None:
        """Return the member of staff, or None for a stranger."""
        return self.staff_directory.get(staff_id)

    def members(self, department: str) -> tuple[Staff, ...]:
        """Return everybody of a department, in the order of the directory."""
        return self._members.get(department, ())

    def supervisor_of(self, department: str) -> Staff:
        """Return the supervisor of a department; UnknownNameError if there is no such department."""
        self.department(department)
        return next(one for one in self.members(department) if one.role == "supervisor")

    def head_of(self, department: str) -> Staff:
        """Return the head of a department, or the manager where it has none."""
        self.department(department)
        return next((one for one in self.members(department) if one.role == "head"), self.manager)

    @cached_property
    def manager(self) -> Staff:
        """The general manager, the last step of every escalation."""
        return next(one for one in self.staff_directory.values() if one.role == "manager")

    @cached_property
    def service(self) -> Department:
        """The department that owns the customer contact."""
        return next(one for one in self.departments.values() if one.kind == "service")

    def calendar(self, name: str | None = None) -> BusinessCalendar:
        """Return the calendar of that name, or the policy's own; UnknownNameError if there is none."""
        return _known("calendar", name or self.calendar_name, self._calendars)

    def calendar_of(self, department: str | None) -> BusinessCalendar:
        """Return the calendar that a department works by: its own or the policy's."""
        return self.calendar(self.department(department).calendar if department else None)

    def holiday(self, day: date) -> Holiday | None:
        """Return the public holiday of the policy's own calendar that `day` belongs to, if any (R-IN-11)."""
        name = self.calendars[self.calendar_name].holidays
        return self.holidays[name].holiday(day) if name else None

    def target(self, metric: Metric, category: str, grade: Grade) -> Duration | None:
        """Return how long a clock of that metric runs for such a work order; None: it has none, or its time is given.

        R-SLA-01 to R-SLA-07. `promise`, `collaboration` and `cutoff` run to a time that comes with them; `rework` is the
        resolution of a result that was returned (ADR 0013).
        """
        entry, sla = self.category(category), self.sla
        if metric == "supervisor_contact":
            return sla.supervisor_contact
        if entry.outbound:
            return None
        clocks, hurry = entry.clocks, entry.complaint
        found: dict[str, Duration | ByGrade | None] = {
            "first_response": clocks.first_response,
            "department_response": clocks.department_response,
            "resolution": clocks.resolution,
            "customer_reply": sla.customer_reply.complaint if hurry else sla.customer_reply.default,
            "callback": sla.callback.complaint if hurry else sla.callback.default,
            "progress_update": sla.progress_update,
            "record_entry": sla.record_entry,
            "collaboration_start": sla.collaboration_start if grade == "complex" else None,
            "progress_relay": entry.progress_relay,
            "rework": clocks.resolution,
        }
        target = found.get(metric)
        if target == "by_grade":
            return (sla.first_response if metric == "first_response" else sla.resolution).of(grade)
        return target

    @cached_property
    def _members(self) -> dict[str, tuple[Staff, ...]]:
        everybody = self.staff_directory.values()
        return {key: tuple(one for one in everybody if one.department == key) for key in self.departments}

    @cached_property
    def _calendars(self) -> dict[str, BusinessCalendar]:
        return {
            key: BusinessCalendar(
                spec.data(key, self.timezone, self.holidays[spec.holidays] if spec.holidays else None)
            )
            for key, spec in self.calendars.items()
        }


def _known(kind: str, name: str, entries: Mapping[str, T]) -> T:
    found = entries.get(name)
    if found is None:
        raise UnknownNameError(kind, name)
    return found
