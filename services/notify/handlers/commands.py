"""What operators ask: which notifications failed, and to send one again (R-NT-06)."""

from collections.abc import Callable, Mapping
from typing import Any

from services.notify.domain.quiet import earliest
from services.notify.store import facts, queue, review
from shared.bus.transaction import Transaction
from shared.events import Fault, Problem, refuse
from shared.events.commands import Command, ListNotifications, RetryNotification
from shared.policy import Policy
from shared.times import rfc3339

_AGAIN = frozenset({"failed", "unknown", "suppressed"})
_CONFLICT, _FORBIDDEN, _NOT_FOUND = 409, 403, 404


class Desk:
    """Answers the commands on notifications; only members of staff may ask."""

    def __init__(self, policy: Policy, nudge: Callable[[int], None]) -> None:
        self._policy = policy
        self._nudge = nudge

    async def list(self, tx: Transaction, command: ListNotifications) -> Mapping[str, Any] | Problem:
        """Return the notifications in the wanted state, the newest first; addresses are masked."""
        if problem := self._stranger(command):
            return problem
        rows = await review.in_state(tx.connection, command.state, command.limit)
        return {
            "notifications": [
                {
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
                    "created_at": rfc3339(row.created_at),
                    "next_attempt_at": rfc3339(row.next_attempt_at) if row.state == "queued" else None,
                }
                for row in rows
            ]
        }

    async def retry(self, tx: Transaction, command: RetryNotification) -> Mapping[str, Any] | Problem:
        """Queue a notification that failed, was suppressed or is of unknown fate, as if for the first time."""
        if problem := self._stranger(command):
            return problem
        row = await review.locked(tx.connection, command.notification_id)
        if row is None:
            fault = Fault("notification_id", "names no notification")
            detail = "Ask notification.list for those that can be sent again."
            return refuse(_NOT_FOUND, "no-such-notification", "There is no such notification", detail, (fault,))
        if row.state not in _AGAIN:
            detail = f"Its state is {row.state}; only one that failed, was suppressed or is unknown can be sent again."
            return refuse(_CONFLICT, "notification-not-failed", "The notification has not failed", detail)
        orders = await facts.load_work_orders(tx.connection, [row.work_order_id] if row.work_order_id else [])
        order = orders.get(row.work_order_id)
        category = order.category if order else None
        at = earliest(tx.now, row.audience, row.purpose, category, self._policy)
        again = {"notification_id": row.notification_id, "state": "queued", "route": 0, "tries": 0}
        await queue.save(tx.connection, [{**again, "next_attempt_at": at, "reason": None, "settled_at": None}])
        self._nudge(int(at <= tx.now))
        return {"notification_id": row.notification_id, "state": "queued", "next_attempt_at": rfc3339(at)}

    def _stranger(self, command: Command) -> Problem | None:
        if self._policy.staff(command.by) is not None:
            return None
        fault = Fault("by", "is not in the staff directory")
        return refuse(_FORBIDDEN, "not-staff", "Only members of staff may do this", "Use a staff id as `by`.", (fault,))
