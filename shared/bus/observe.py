"""Business metrics and logs follow from what was committed: every event once, after its commit (R-OB-01, R-OB-04)."""

import logging
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import structlog
from structlog.typing import FilteringBoundLogger

from shared import metrics
from shared.bus.transaction import Transaction
from shared.events import (
    CallbackCompleted,
    ContactCompleted,
    ContactRegistered,
    ContactRejected,
    ContactSetAside,
    Event,
    KnowledgeRated,
    Message,
    NotificationStep,
    QualityFound,
    ReportPublished,
    SlaBreached,
    SlaCancelled,
    SlaMet,
    SlaRescheduled,
    SlaStarted,
    SlaWarned,
    SurveyIssued,
    WorkorderAssigned,
    WorkorderOpened,
    WorkorderStep,
)
from shared.log import logged_together

_TOLD = {"contact", "workorder", "callback", "survey"}
_NAMES = ("number", "work_order_id", "subject_id", "metric", "department", "status", "purpose")

log = structlog.get_logger()


def observe(service: str, tx: Transaction) -> None:
    """Count what the committed `tx` emitted and rejected, and log it: by number and trace, without personal data."""
    lines = log.bind()  # once: the logger of a module is looked up anew at each use
    with logged_together():
        for message in tx.emitted:
            _tell(message, lines)
    for message in tx.emitted:
        counter = _counter_of(type(message.data))
        if counter is not None:
            counter(message.data)
    if tx.rejected:
        metrics.DEAD_LETTERS.labels(service).inc(len(tx.rejected))


def _tell(message: Message[Event], lines: FilteringBoundLogger) -> None:
    """Log one event: a step of a contact, work order or callback for everybody, the many others for whoever debugs."""
    level, names = _how(type(message.data))
    if not lines.is_enabled_for(level):
        return
    known = {name: value for name in names if (value := getattr(message.data, name)) is not None}
    lines.log(level, message.type.removeprefix("yingda."), subject=message.subject, trace=message.trace_id, **known)


@cache
def _how(model: type[Event]) -> tuple[int, tuple[str, ...]]:
    """Return the level at which an event of that kind is logged, and which of its fields are told."""
    level = logging.INFO if model.TYPE.split(".")[1] in _TOLD else logging.DEBUG
    return level, tuple(name for name in _NAMES if hasattr(model, name) or name in model.model_fields)


@cache
def _counter_of(model: type[Event]) -> Callable[[Any], None] | None:
    """Return what counts the events of that kind: its own counter or that of the nearest kind it belongs to."""
    return next((counter for kind in model.__mro__ if (counter := _COUNTERS.get(kind)) is not None), None)


def _registered(event: ContactRegistered) -> None:
    metrics.CONTACTS.labels(event.channel, "registered").inc()
    _dropped(event.dropped)
    if event.call is not None:
        metrics.CALLS.labels("missed" if event.call.missed else "answered").inc()
        for limit in event.call.exceeded:
            metrics.CALL_LIMITS_EXCEEDED.labels(limit).inc()


def _completed(event: ContactCompleted) -> None:
    metrics.CONTACTS_COMPLETED.inc()
    _dropped(event.dropped)


def _dropped(fields: Iterable[str]) -> None:
    for field in fields:
        metrics.DETAILS_DROPPED.labels(field).inc()


def _set_aside(event: ContactSetAside) -> None:
    metrics.CONTACTS.labels(event.channel, "set_aside").inc()


def _rejected(_event: ContactRejected) -> None:
    metrics.CONTACTS.labels("unknown", "rejected").inc()


def _opened(event: WorkorderOpened) -> None:
    metrics.CONTACTS_BY_CATEGORY.labels(event.channel, event.category).inc()
    metrics.WORKORDERS_OPENED.labels(event.department, event.category, event.grade, event.queue).inc()


def _step(event: WorkorderStep) -> None:
    metrics.WORKORDER_STEPS.labels(event.department, event.TYPE.split(".")[2]).inc()


def _assigned(event: WorkorderAssigned) -> None:
    metrics.ASSIGNMENTS.labels(event.department, event.way).inc()
    _step(event)


def _started(event: SlaStarted) -> None:
    metrics.CLOCKS_STARTED.labels(event.metric, event.department).inc()


def _warned(event: SlaWarned) -> None:
    metrics.CLOCKS_WARNED.labels(event.metric, event.department, str(event.percent)).inc()
    metrics.DETECTION_LATENESS.labels("warning", event.metric).observe(event.detection_seconds)


def _breached(event: SlaBreached) -> None:
    metrics.CLOCKS_BREACHED.labels(event.metric, event.department).inc()
    if event.grade == "urgent":
        metrics.URGENT_BREACHES.labels(event.metric, event.department).inc()
    metrics.DETECTION_LATENESS.labels("breach", event.metric).observe(event.detection_seconds)
    metrics.STAGE_SECONDS.labels(event.metric).observe(event.used_seconds)


def _met(event: SlaMet) -> None:
    metrics.CLOCKS_MET.labels(event.metric, event.department).inc()
    metrics.STAGE_SECONDS.labels(event.metric).observe(event.used_seconds)


def _cancelled(event: SlaCancelled) -> None:
    metrics.CLOCKS_CANCELLED.labels(event.metric, event.department).inc()


def _rescheduled(event: SlaRescheduled) -> None:
    metrics.CLOCKS_RESCHEDULED.labels(event.metric, event.department, event.cause).inc()


def _notification(event: NotificationStep) -> None:
    outcome = event.TYPE.split(".")[2]
    metrics.NOTIFICATIONS.labels(event.transport, event.purpose, outcome).inc()


def _callback(event: CallbackCompleted) -> None:
    metrics.CALLBACKS.labels(event.kind, event.outcome).inc()
    if event.kind == "return_call":  # nobody was asked how satisfied they are
        return
    metrics.SATISFACTION.labels(event.department, event.satisfaction).inc()
    if event.score is not None:
        metrics.CALLBACK_SCORE.labels(event.department).observe(event.score)


def _survey(event: SurveyIssued) -> None:
    metrics.SURVEYS_ISSUED.labels(event.department).inc()


def _rated(event: KnowledgeRated) -> None:
    metrics.KNOWLEDGE_RATINGS.labels(str(event.useful).lower()).inc()


def _found(event: QualityFound) -> None:
    for finding in event.findings:
        metrics.QUALITY_FINDINGS.labels(event.department, finding.kind, finding.phrase).inc()


def _reported(event: ReportPublished) -> None:
    metrics.REPORTS.labels(event.report).inc()


_COUNTERS: dict[type, Callable[[Any], None]] = {
    ContactRegistered: _registered,
    ContactCompleted: _completed,
    ContactRejected: _rejected,
    ContactSetAside: _set_aside,
    WorkorderOpened: _opened,
    WorkorderStep: _step,
    WorkorderAssigned: _assigned,
    SlaStarted: _started,
    SlaWarned: _warned,
    SlaBreached: _breached,
    SlaMet: _met,
    SlaCancelled: _cancelled,
    SlaRescheduled: _rescheduled,
    NotificationStep: _notification,
    CallbackCompleted: _callback,
    KnowledgeRated: _rated,
    QualityFound: _found,
    ReportPublished: _reported,
    SurveyIssued: _survey,
}
