"""Keeps the facts that reports are made from: a constant number of statements for a batch, whatever its size (R-FB-05)."""

from collections.abc import Sequence
from typing import Any, Final

from services.feedback import store
from services.feedback.domain.report.facts import deed
from shared.bus.transaction import Incoming, Transaction
from shared.events import (
    CallbackCompleted,
    Event,
    SlaBreached,
    SlaMet,
    WorkorderReopened,
    WorkorderStep,
)

_COUNTED: Final = (WorkorderStep, SlaMet, SlaBreached, CallbackCompleted)


class FactKeeper:
    """Writes down what happened, beside what contacts and cases tell; nothing of it is personal."""

    async def on_events(self, tx: Transaction, batch: Sequence[Incoming]) -> None:
        """Keep the facts of `batch`; the steps of a work order come in the order of their versions."""
        events: list[Event] = [item.data for item in batch if isinstance(item.data, _COUNTED)]
        if not events:
            return
        await store.save_reopenings(tx.connection, [_again(e) for e in events if isinstance(e, WorkorderReopened)])
        await store.save_deeds(
            tx.connection, [row for e in events if isinstance(e, WorkorderStep) for row in _deeds(e)]
        )
        ended = {event.clock_id: _clock(event) for event in events if isinstance(event, SlaMet | SlaBreached)}
        await store.save_clock_facts(tx.connection, list(ended.values()))
        await store.save_answer_facts(tx.connection, [_answer(e) for e in events if isinstance(e, CallbackCompleted)])


def _again(event: WorkorderReopened) -> dict[str, Any]:
    return {"work_order_id": event.work_order_id, "cycle": event.cycle, "at": event.at}


def _deeds(event: WorkorderStep) -> list[dict[str, Any]]:
    done = deed(event)
    if done is None:
        return []
    what, own = done
    return [{"work_order_id": event.work_order_id, "version": event.version, "what": what, "own": own, "at": event.at}]


def _clock(event: SlaMet | SlaBreached) -> dict[str, Any]:
    met = isinstance(event, SlaMet)
    return {
        "clock_id": event.clock_id,
        "subject_id": event.subject_id,
        "metric": event.metric,
        "department": event.department,
        "met": met,
        "due_at": event.due_at,
        "at": event.at if met else event.due_at,
    }


def _answer(event: CallbackCompleted) -> dict[str, Any]:
    return {
        "callback_id": event.callback_id,
        "work_order_id": event.work_order_id,
        "kind": event.kind,
        "department": event.department,
        "outcome": event.outcome,
        "solved": event.solved,
        "score": event.score,
        "satisfaction": event.satisfaction,
        "at": event.at,
    }
