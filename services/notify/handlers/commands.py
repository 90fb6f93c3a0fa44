"""What operators ask of single notifications: which failed, what happened, to send one again, to give one up (R-NT-06)."""

from collections.abc import Callable, Mapping
from typing import Any

from services.notify.domain.quiet import earliest
from services.notify.handlers.callers import CONFLICT, stranger, unknown_notification
from services.notify.handlers.record import Attempt, Recorder
from services.notify.store import queue, review, troubles
from shared.bus.transaction import Transaction
from shared.events import Problem, refuse
from shared.events.commands import DiscardNotification, ListNotifications, RetryNotification, ShowNotification
from shared.policy import Policy
from shared.times import rfc3339

_AGAIN = frozenset({"failed", "unknown", "suppressed", "discarded"})
_TO_GIVE_UP = frozenset({"failed", "unknown", "suppressed", "queued", "waiting"})
DISCARDED = "discarded by a member of staff"


class Desk:
    """Answers the commands on notifications; only members of staff may ask."""

    def __init__(self, policy: Policy, recorder: Recorder, nudge: Callable[[int], None]) -> None:
        self._policy = policy
        self._recorder = recorder
        self._nudge = nudge

    async def list(self, tx: Transaction, command: ListNotifications) -> Mapping[str, Any] | Problem:
        """Return the notifications that are as the command says, the newest first; addresses are masked."""
        if problem := stranger(command, self._policy):
            return problem
        rows = await review.found(
            tx.connection,
            state=command.state,
            work_order_id=command.work_order_id,
            purpose=command.purpose,
            audience=command.audience,
            limit=command.limit,
        )
        return {"notifications": [_line(row) for row in rows]}

    async def show(self, tx: Transaction, command: ShowNotification) -> Mapping[str, Any] | Problem:
        """Return one notification and everything that happened to it; addresses are masked."""
        if problem := stranger(command, self._policy):
            return problem
        row = await review.one(tx.connection, command.notification_id)
        if row is None:
            return unknown_notification()
        history = await troubles.of(tx.connection, command.notification_id)
        return _line(row) | {
            "cause_id": row.cause_id,
            "category": row.category,
            "grade": row.grade,
            "urgency": row.urgency,
            "provider_id": row.reference,
            "settled_at": row.settled_at and rfc3339(row.settled_at),
            "history": [
                {
                    "attempt": one.attempt,
                    "what": one.what,
                    "channel": one.channel,
                    "transport": one.transport,
                    "to_masked": one.to_masked,
                    "reason": one.reason,
                    "at": rfc3339(one.at),
                }
                for one in history
            ],
        }

    async def retry(self, tx: Transaction, command: RetryNotification) -> Mapping[str, Any] | Problem:
        """Queue a notification that failed, was suppressed or is of unknown fate, as if for the first time."""
        if problem := stranger(command, self._policy):
            return problem
        one = await queue.locked(tx.connection, command.notification_id)
        if one is None:
            return unknown_notification()
        if one.state not in _AGAIN:
            detail = f"Its state is {one.state}; only what failed, was suppressed, discarded or is unknown can be sent."
            return refuse(CONFLICT, "notification-not-failed", "The notification has not failed", detail)
        category = one.work_order.category if one.work_order else None
        at = earliest(tx.now, one.audience, one.purpose, category, self._policy)
        row = {"notification_id": one.notification_id, "state": "queued", "route": 0, "tries": 0, "spent": []}
        await queue.save(
            tx.connection, [row | {"next_attempt_at": at, "reason": None, "receipt": None, "settled_at": None}]
        )
        self._nudge(int(at <= tx.now))
        return {"notification_id": one.notification_id, "state": "queued", "next_attempt_at": rfc3339(at)}

    async def discard(self, tx: Transaction, command: DiscardNotification) -> Mapping[str, Any] | Problem:
        """Give a notification up; the operator's reason stays with it and goes into no event."""
        if problem := stranger(command, self._policy):
            return problem
        one = await queue.locked(tx.connection, command.notification_id)
        if one is None:
            return unknown_notification()
        if one.state not in _TO_GIVE_UP:
            detail = f"Its state is {one.state}; what is sent or on its way cannot be given up."
            return refuse(CONFLICT, "notification-settled", "The notification cannot be given up", detail)
        reason = f"{command.by}: {command.reason}"
        row = {"notification_id": one.notification_id, "state": "discarded", "reason": reason, "settled_at": tx.now}
        await queue.save(tx.connection, [row])
        attempt = Attempt.of(one, one.transport or "none", one.channel or "", one.to_masked or "")
        self._recorder.emit(tx, attempt, "suppressed", DISCARDED)
        return {"notification_id": one.notification_id, "state": "discarded"}


def _line(row: Any) -> dict[str, Any]:
    return {
        "notification_id": row.notification_id,
        "state": row.state,
        "purpose": row.purpose,
        "audience": row.audience,
        "recipient": row.recipient,
        "work_order_id": row.work_order_id,
        "number": row.number,
        "channel": row.channel,
        "transport": row.transport,
        "to_masked": row.to_masked,
        "attempt": row.attempt,
        "reason": row.reason,
        "receipt": row.receipt,
        "created_at": rfc3339(row.created_at),
        "next_attempt_at": rfc3339(row.next_attempt_at) if row.state == "queued" else None,
    }
