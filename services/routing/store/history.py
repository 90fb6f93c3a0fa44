"""Events of a work order as rows: every one is a step of the history, some have a table of their own beside it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table

from services.routing.domain.workorder import SYSTEM
from services.routing.store.tables import collaborations, examples, promises, steps
from shared.events import WorkorderClassified, WorkorderCollaborated, WorkorderOpened, WorkorderPromised, WorkorderStep

_COMMON: Final = frozenset(
    {"schema", "work_order_id", "number", "department", "status", "version", "cycle", "by", "at", "reason", "text"}
)


def history_rows(
    events: Iterable[WorkorderOpened | WorkorderStep], recorded_at: datetime
) -> dict[Table, list[Mapping[str, Any]]]:
    """Return the rows that tell of `events`, by table."""
    rows: defaultdict[Table, list[Mapping[str, Any]]] = defaultdict(list)
    for event in events:
        if isinstance(event, WorkorderOpened):
            rows[steps].append(_opened(event, recorded_at))
            continue
        rows[steps].append(_step(event, recorded_at))
        key = {"work_order_id": event.work_order_id, "version": event.version, "by": event.by, "at": event.at}
        if isinstance(event, WorkorderClassified) and event.by != SYSTEM:  # only people label examples (R-RT-01)
            wanted = ("category", "topic", "suggested_category", "suggested_topic")
            rows[examples].append(key | {name: getattr(event, name) for name in wanted})
        elif isinstance(event, WorkorderPromised):
            rows[promises].append(key | {"promised_at": event.promised_at, "text": event.text})
        elif isinstance(event, WorkorderCollaborated):
            rows[collaborations].append(_collaboration(event))
    return rows


def _opened(event: WorkorderOpened, recorded_at: datetime) -> Mapping[str, Any]:
    told = ("category", "topic", "grade", "queue", "classified_by", "confidence", "policy_version")
    return {
        "work_order_id": event.work_order_id,
        "version": event.version,
        "step": "opened",
        "by": "system",
        "at": event.opened_at,
        "reason": None,
        "text": None,
        "status": "opened",
        "cycle": event.cycle,
        "department": event.department,
        "details": {name: getattr(event, name) for name in told},
        "recorded_at": recorded_at,
    }


def _step(event: WorkorderStep, recorded_at: datetime) -> Mapping[str, Any]:
    data = event.to_json()
    return {
        "work_order_id": event.work_order_id,
        "version": event.version,
        "step": event.TYPE.split(".")[2],
        "by": event.by,
        "at": event.at,
        "reason": event.reason,
        "text": data.get("text") or None,
        "status": event.status,
        "cycle": event.cycle,
        "department": event.department,
        "details": {name: value for name, value in data.items() if name not in _COMMON},
        "recorded_at": recorded_at,
    }


def _collaboration(event: WorkorderCollaborated) -> Mapping[str, Any]:
    return {
        "id": event.collaboration_id,
        "work_order_id": event.work_order_id,
        "department": event.department,
        "with_department": event.with_department,
        "deliverable": event.deliverable,
        "due_at": event.due_at,
        "by": event.by,
        "at": event.at,
        "state": "open",
    }
