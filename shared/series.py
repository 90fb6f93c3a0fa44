"""Series that exist before anything has happened (R-OB-01).

A counter that appears with its first event has no value before it: `increase` over its first minutes is 0, so that the
first urgent breach of a department would page nobody, and a quiet panel would say "no data". What the policy and
the contract name is therefore exported at 0 from the start; a label that nobody has named appears with its first event.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import product
from typing import Final, get_args

from prometheus_client import Counter, Histogram

from shared import metrics
from shared.bus.publish import Way
from shared.events import (
    AssignmentWay,
    CallbackKind,
    CallbackOutcome,
    CallLimit,
    Grade,
    NotificationStep,
    Purpose,
    Satisfaction,
    SlaRescheduled,
    WorkorderStep,
)
from shared.plugins.guard import FAILURES
from shared.policy import Metric, Policy
from shared.service import Parts, Service

_OUTCOMES: Final = ("applied", "duplicate", "rejected")


def expect(service: Service, parts: Parts, policy: Policy) -> None:
    """Export at 0 what `service` may count; unlabelled metrics and those of its own tables are there anyway."""
    name = service.name
    for outcome in _OUTCOMES:
        metrics.MESSAGES.labels(name, outcome)
    for outcome in ("exported", "failed", "dropped"):
        metrics.TRACE_SPANS.labels(name, outcome)
    for way in get_args(Way):
        metrics.OUTBOX_PUBLISHED.labels(name, way)
    metrics.DEAD_LETTERS.labels(name)
    metrics.BATCH_SECONDS.labels(name)
    metrics.BATCH_MESSAGES.labels(name)
    for command in parts.commands:
        metrics.COMMANDS.labels(name, command.SUBJECT.removeprefix("yingda.command."), "200")
    _EXPECTED.get(name, _nothing)(policy)


def _nothing(_policy: Policy) -> None:
    """Expect nothing of a service that is a plugin: only it knows its labels."""


def _zero(metric: Counter | Histogram, *labels: Iterable[str]) -> None:
    """Export a series for each combination of the labels' values."""
    for values in product(*labels):
        metric.labels(*values)


def _verbs(kind: type[NotificationStep] | type[WorkorderStep]) -> list[str]:
    """Return the last word of the subject of every event of that kind."""
    return [model.TYPE.split(".")[2] for model in kind.__subclasses__()]


def _plugins(policy: Policy, *kinds: str) -> None:
    """Export what a process may count of the plugins that it uses."""
    for kind in kinds:
        _zero(metrics.PLUGIN_SECONDS, (kind,), policy.plugins_used(kind))
        _zero(metrics.PLUGIN_FAILURES, (kind,), policy.plugins_used(kind), FAILURES)


def _intake(policy: Policy) -> None:
    _plugins(policy, "channel")
    _zero(metrics.CONTACTS, policy.plugins_used("channel"), ("registered", "set_aside"))
    _zero(metrics.CONTACTS, ("unknown",), ("rejected",))
    _zero(metrics.DETAILS_DROPPED, ("address", "email", "name", "other", "phone"))
    _zero(metrics.CALLS, ("answered", "missed"))
    _zero(metrics.CALL_LIMITS_EXCEEDED, get_args(CallLimit))
    _zero(metrics.RECONCILED, ("received", "workorders", "clocks", "notices", "cases"))


def _routing(policy: Policy) -> None:
    _plugins(policy, "classifier", "assigner")
    grades = get_args(Grade)
    desks = [name for name, department in policy.departments.items() if department.kind == "service"]
    _zero(metrics.CONTACTS_BY_CATEGORY, policy.plugins_used("channel"), policy.categories)
    for name, category in policy.categories.items():
        departments = {category.department, *(topic.department for topic in category.topics.values())}
        _zero(metrics.WORKORDERS_OPENED, departments, (name,), grades, ("department",))
        _zero(metrics.WORKORDERS_OPENED, desks, (name,), grades, ("triage",))
    _zero(metrics.WORKORDER_STEPS, policy.departments, _verbs(WorkorderStep))
    _zero(metrics.ASSIGNMENTS, policy.departments, get_args(AssignmentWay))


def _sla(policy: Policy) -> None:
    clocks = get_args(Metric), policy.departments
    for counter in (
        metrics.CLOCKS_STARTED,
        metrics.CLOCKS_BREACHED,
        metrics.CLOCKS_MET,
        metrics.CLOCKS_CANCELLED,
        metrics.URGENT_BREACHES,
    ):
        _zero(counter, *clocks)
    _zero(metrics.CLOCKS_WARNED, *clocks, map(str, policy.sla.warnings))
    _zero(metrics.CLOCKS_RESCHEDULED, *clocks, get_args(SlaRescheduled.model_fields["cause"].annotation))
    _zero(metrics.DETECTION_LATENESS, ("warning", "breach"), get_args(Metric))
    _zero(metrics.STAGE_SECONDS, get_args(Metric))


def _notify(policy: Policy) -> None:
    _plugins(policy, "transport")
    transports = {name for by in policy.notify.transports.values() for names in by.values() for name in names}
    _zero(metrics.NOTIFICATIONS, ("none",), get_args(Purpose), ("suppressed",))  # there was no address to send to
    _zero(metrics.NOTIFICATIONS, transports, get_args(Purpose), _verbs(NotificationStep))
    _zero(metrics.NOTIFICATIONS_LIMITED, ("recipient", "transport"))
    _zero(metrics.NOTIFICATION_TROUBLES, transports, ("rejected", "retry", "unknown"))
    _zero(metrics.NOTIFICATION_SECONDS, transports)


def _feedback(policy: Policy) -> None:
    _zero(metrics.CALLBACKS, get_args(CallbackKind), get_args(CallbackOutcome))
    _zero(metrics.SURVEYS_ISSUED, policy.departments)
    _zero(metrics.SURVEY_REQUESTS, ("answered", "gone", "incomplete", "repeated", "shown", "thanks"))
    _zero(metrics.CALLBACK_SCORE, policy.departments)
    _zero(metrics.SATISFACTION, policy.departments, get_args(Satisfaction))
    _zero(metrics.KNOWLEDGE_RATINGS, ("true", "false"))
    quality = policy.feedback.quality
    _zero(metrics.QUALITY_FINDINGS, policy.departments, ("forbidden",), quality.forbidden)
    _zero(metrics.QUALITY_FINDINGS, policy.departments, ("evasion",), quality.evasions)
    _zero(metrics.REPORTS, ("weekly", "monthly"))


_EXPECTED: Final[Mapping[str, Callable[[Policy], None]]] = {
    "intake": _intake,
    "routing": _routing,
    "sla": _sla,
    "notify": _notify,
    "feedback": _feedback,
}
