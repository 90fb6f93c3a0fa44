"""Business metrics follow from what was committed: every emitted event is counted once, after its commit (R-OB-01)."""

from collections.abc import Callable
from typing import Any

from shared import metrics
from shared.bus.transaction import Transaction
from shared.events import (
    CallbackCompleted,
    ContactRegistered,
    ContactRejected,
    NotificationStep,
    SlaBreached,
    SlaMet,
    SlaStarted,
    SlaWarned,
    WorkorderOpened,
    WorkorderStep,
)


def observe(service: str, tx: Transaction) -> None:
    """Count what the committed `tx` emitted and rejected."""
    for message in tx.emitted:
        for model in type(message.data).__mro__:
            counter = _COUNTERS.get(model)
            if counter is not None:
                counter(message.data)
                break
    if tx.rejected:
        metrics.DEAD_LETTERS.labels(service).inc(len(tx.rejected))


def _registered(event: ContactRegistered) -> None:
    metrics.CONTACTS.labels(event.channel, "registered").inc()


def _rejected(_event: ContactRejected) -> None:
    metrics.CONTACTS.labels("unknown", "rejected").inc()


def _opened(event: WorkorderOpened) -> None:
    metrics.WORKORDERS_OPENED.labels(event.department, event.category, event.grade, event.queue).inc()


def _step(event: WorkorderStep) -> None:
    metrics.WORKORDER_STEPS.labels(event.department, event.TYPE.split(".")[2]).inc()


def _started(event: SlaStarted) -> None:
    metrics.CLOCKS_STARTED.labels(event.metric, event.department).inc()


def _warned(event: SlaWarned) -> None:
    metrics.CLOCKS_WARNED.labels(event.metric, event.department, str(event.percent)).inc()
    metrics.DETECTION_LATENESS.labels("warning").observe(event.late_seconds)


def _breached(event: SlaBreached) -> None:
    metrics.CLOCKS_BREACHED.labels(event.metric, event.department).inc()
    metrics.DETECTION_LATENESS.labels("breach").observe(event.late_seconds)


def _met(event: SlaMet) -> None:
    metrics.CLOCKS_MET.labels(event.metric, event.department).inc()


def _notification(event: NotificationStep) -> None:
    outcome = event.TYPE.split(".")[2]
    metrics.NOTIFICATIONS.labels(event.transport, event.purpose, outcome).inc()


def _callback(event: CallbackCompleted) -> None:
    metrics.CALLBACKS.labels(event.kind, event.outcome).inc()
    metrics.SATISFACTION.labels(event.department, event.satisfaction).inc()
    if event.score is not None:
        metrics.CALLBACK_SCORE.labels(event.department).observe(event.score)


_COUNTERS: dict[type, Callable[[Any], None]] = {
    ContactRegistered: _registered,
    ContactRejected: _rejected,
    WorkorderOpened: _opened,
    WorkorderStep: _step,
    SlaStarted: _started,
    SlaWarned: _warned,
    SlaBreached: _breached,
    SlaMet: _met,
    NotificationStep: _notification,
    CallbackCompleted: _callback,
}
