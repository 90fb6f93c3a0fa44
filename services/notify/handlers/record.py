"""Recording what came of attempts: the row and the event in one transaction; nothing is recorded twice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import structlog

from services.notify.domain.delivery import Verdict
from services.notify.domain.quiet import earliest
from services.notify.handlers.compose import Composer
from services.notify.store import queue
from services.notify.store.presence import Presence
from shared.bus.failures import is_transient, told
from shared.bus.outbox import Outbox
from shared.bus.transaction import Transaction
from shared.events import (
    NotificationFailed,
    NotificationSent,
    NotificationStep,
    NotificationSuppressed,
    NotificationUnknown,
)

LONGEST_REASON = 500

log = structlog.get_logger()

_EVENTS: dict[str, type[NotificationStep]] = {
    "sent": NotificationSent,
    "failed": NotificationFailed,
    "suppressed": NotificationSuppressed,
    "unknown": NotificationUnknown,
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at one notification, with its verdict once it is judged."""

    queued: queue.Queued
    transport: str
    channel: str
    to_masked: str
    attempt: int
    tries: int
    route: int
    verdict: Verdict | None = None

    @classmethod
    def of(
        cls,
        queued: queue.Queued,
        transport: str,
        channel: str,
        to_masked: str,
        *,
        attempt: int | None = None,
        tries: int | None = None,
        route: int = 0,
    ) -> Self:
        """Return an attempt at `queued`; without numbers it is the one that the row names."""
        return cls(
            queued,
            transport,
            channel,
            to_masked,
            queued.attempt if attempt is None else attempt,
            queued.tries if tries is None else tries,
            route,
        )

    def judged(self, verdict: Verdict) -> "Attempt":
        """Return the attempt with what follows from it."""
        return replace(self, verdict=verdict)


class Recorder:
    """Writes verdicts; what cannot be written now is kept and written at the next turn."""

    def __init__(self, outbox: Outbox, presence: Presence, composer: Composer) -> None:
        self._outbox = outbox
        self._presence = presence
        self._composer = composer
        self._left: list[Attempt] = []

    async def record(self, attempts: Sequence[Attempt]) -> None:
        """Record the verdicts of those attempts that are still ours; another sender may have judged the rest."""
        try:
            async with self._outbox.transaction() as tx:
                ids = {attempt.queued.notification_id: attempt for attempt in attempts}
                mine = await queue.still_mine(tx.connection, self._presence.id, list(ids))
                ours = [ids[key] for key in sorted(mine)]
                await queue.save(tx.connection, [self._row(tx, attempt) for attempt in ours])
                for attempt in ours:
                    if attempt.verdict is not None and attempt.verdict.state != "queued":
                        self.emit(tx, attempt, attempt.verdict.state, attempt.verdict.reason)
        except BaseException as error:
            if isinstance(error, Exception) and not is_transient(error):
                await self._one_by_one(attempts, error)
                return
            self._left.extend(attempts)
            raise

    async def _one_by_one(self, attempts: Sequence[Attempt], error: Exception) -> None:
        """Record each alone; one that cannot be written is left to its lease, after which its fate counts as unknown."""
        if len(attempts) == 1:
            key = attempts[0].queued.notification_id
            log.error("verdict cannot be recorded", notification=key, **told(error))
            return
        for attempt in attempts:
            await self.record([attempt])

    async def record_left(self) -> None:
        """Record what could not be recorded before."""
        if self._left:
            attempts, self._left = self._left, []
            await self.record(attempts)

    def emit(self, tx: Transaction, attempt: Attempt, state: str, reason: str | None) -> None:
        """Tell how the notification ended; the address is masked."""
        queued = attempt.queued
        event = _EVENTS[state](
            notification_id=queued.notification_id,
            cause_id=queued.cause_id,
            work_order_id=queued.work_order_id,
            purpose=queued.purpose,
            audience="customer" if queued.audience == "customer" else "staff",
            transport=attempt.transport,
            to_masked=attempt.to_masked,
            attempt=attempt.attempt,
            at=tx.now,
            reason=reason,
        )
        tx.emit(event, subject=queued.notification_id, cause=queued.traceparent)

    def _row(self, tx: Transaction, attempt: Attempt) -> dict[str, Any]:
        verdict = attempt.verdict or Verdict("unknown")
        queued = attempt.queued
        category = queued.work_order.category if queued.work_order else None
        at = earliest(tx.now + verdict.pause, queued.audience, queued.purpose, category, self._composer.policy)
        settled = verdict.state != "queued"
        return {
            "notification_id": queued.notification_id,
            "state": verdict.state,
            "reason": verdict.reason and verdict.reason.replace("\0", "")[:LONGEST_REASON],
            "route": verdict.route,
            "next_attempt_at": at,
            "settled_at": tx.now if settled else None,
            "claimed_by": None,
            "lease_until": None,
        }
