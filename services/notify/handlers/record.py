"""Recording what came of attempts: the row and the event in one transaction; nothing is recorded twice."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

import structlog

from services.notify.domain.delivery import Verdict
from services.notify.domain.outcome import NeverSent, Outcome, Rejected, Sent
from services.notify.domain.quiet import earliest
from services.notify.handlers.compose import Composer
from services.notify.store import queue, suppressed, troubles
from services.notify.store.presence import Presence
from shared import metrics
from shared.bus.failures import is_transient, told
from shared.bus.outbox import Outbox
from shared.bus.transaction import Transaction
from shared.events import (
    NotificationDelivered,
    NotificationFailed,
    NotificationSent,
    NotificationStep,
    NotificationSuppressed,
    NotificationUnknown,
)
from shared.policy import Policy
from shared.values import frozen, replace

LONGEST_REASON = 500
LONGEST_REFERENCE = 200

log = structlog.get_logger()

_EVENTS: dict[str, type[NotificationStep]] = {
    "sent": NotificationSent,
    "failed": NotificationFailed,
    "suppressed": NotificationSuppressed,
    "unknown": NotificationUnknown,
    "delivered": NotificationDelivered,
}


@frozen
class Attempt:
    """One attempt at one notification, with its outcome and verdict once it is judged."""

    queued: queue.Queued
    transport: str
    channel: str
    to_masked: str
    attempt: int
    tries: int
    route: int
    fingerprint: str = ""
    more: bool = False
    outcome: Outcome | NeverSent | None = None
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
        fingerprint: str = "",
        more: bool = False,
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
            fingerprint,
            more,
        )

    def judged(self, outcome: Outcome | NeverSent, verdict: Verdict) -> "Attempt":
        """Return the attempt with what came of it and what follows from that."""
        return replace(self, outcome=outcome, verdict=verdict)

    @property
    def trouble(self) -> str | None:
        """What went wrong, in one word; None where nothing did."""
        smooth = self.outcome is None or isinstance(self.outcome, Sent | NeverSent)
        return None if smooth else type(self.outcome).__name__.lower()


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
                left = {one.queued.notification_id: one for one in attempts if _has_left(one)}
                others = {one.queued.notification_id: one for one in attempts if not _has_left(one)}
                references = {key: _reference(one) for key, one in left.items()}
                mine = await queue.sent(tx.connection, self._presence.id, references, tx.now)
                if others:
                    mine |= await queue.still_mine(tx.connection, self._presence.id, others)
                    await self._save(tx, [attempt for key, attempt in sorted(others.items()) if key in mine])
                ours = [attempt for key, attempt in sorted((left | others).items()) if key in mine]
                for attempt in ours:
                    if attempt.verdict is not None and attempt.verdict.state != "queued":
                        self.emit(tx, attempt, attempt.verdict.state, attempt.verdict.reason)
        except BaseException as error:
            if isinstance(error, Exception) and not is_transient(error):
                await self._one_by_one(attempts, error)
                return
            self._left.extend(attempts)
            raise
        for attempt in ours:
            if attempt.trouble:
                metrics.NOTIFICATION_TROUBLES.labels(attempt.transport, attempt.trouble).inc()

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

    def tell_suppressed(self, tx: Transaction, nobody: Sequence[tuple[queue.Queued, str]]) -> None:
        """Tell of what nobody gets, with the reasons."""
        for queued, reason in nobody:
            self.emit(tx, Attempt.of(queued, "none", "", ""), "suppressed", reason)

    async def _save(self, tx: Transaction, attempts: Sequence[Attempt]) -> None:
        """Write what became of attempts that did not simply succeed, and what an operator is to see of them."""
        await queue.save(tx.connection, [self._row(tx, attempt) for attempt in attempts])
        await troubles.add(tx.connection, [_trouble(tx, attempt) for attempt in attempts if attempt.trouble])
        await suppressed.add(tx.connection, [_dead(tx, attempt) for attempt in attempts if _is_dead(attempt)])

    def _row(self, tx: Transaction, attempt: Attempt) -> dict[str, Any]:
        verdict = attempt.verdict or Verdict("unknown")
        row = settled_row(attempt.queued, attempt.channel, verdict, attempt.tries, tx.now, self._composer.policy)
        return row | {"reference": _reference(attempt)}


def settled_row(
    queued: queue.Queued, channel: str, verdict: Verdict, tries: int, now: datetime, policy: Policy
) -> dict[str, Any]:
    """Return the columns of a notification after a verdict on its try number `tries` by `channel`."""
    category = queued.work_order.category if queued.work_order else None
    return {
        "notification_id": queued.notification_id,
        "state": verdict.state,
        "reason": harmless(verdict.reason),
        "route": verdict.route,
        "spent": [*queued.spent, channel] if verdict.spent else list(queued.spent),
        "tries": 0 if verdict.spent else tries,
        "next_attempt_at": earliest(now + verdict.pause, queued.audience, queued.purpose, category, policy),
        "settled_at": now if verdict.state != "queued" else None,
        "claimed_by": None,
        "lease_until": None,
    }


def harmless(reason: str | None) -> str | None:
    """Return a provider's words as the database can hold them."""
    return reason and reason.replace("\0", "")[:LONGEST_REASON]


def _reference(attempt: Attempt) -> str | None:
    """Return the provider's own name for the message; None where it is the notification's id."""
    given = attempt.outcome.reference if isinstance(attempt.outcome, Sent) else None
    known = given.replace("\0", "")[:LONGEST_REFERENCE] if given else None
    return known if known != attempt.queued.notification_id else None


def _has_left(attempt: Attempt) -> bool:
    """Whether it was taken, and there is nothing to note but that and what the provider calls it."""
    return isinstance(attempt.outcome, Sent) and attempt.verdict is not None and attempt.verdict.state == "sent"


def _trouble(tx: Transaction, attempt: Attempt) -> dict[str, Any]:
    return {
        "notification_id": attempt.queued.notification_id,
        "attempt": attempt.attempt,
        "what": attempt.trouble,
        "channel": attempt.channel,
        "transport": attempt.transport,
        "to_masked": attempt.to_masked,
        "reason": harmless(attempt.verdict.reason if attempt.verdict else None),
        "at": tx.now,
    }


def _is_dead(attempt: Attempt) -> bool:
    return isinstance(attempt.outcome, Rejected) and attempt.outcome.address and bool(attempt.fingerprint)


def _dead(tx: Transaction, attempt: Attempt) -> dict[str, Any]:
    """Return the entry of an address that does not exist (R-NT-07)."""
    return {
        "fingerprint": attempt.fingerprint,
        "channel": attempt.channel,
        "to_masked": attempt.to_masked,
        "reason": "invalid",
        "by": f"transport:{attempt.transport}",
        "notification_id": attempt.queued.notification_id,
        "at": tx.now,
    }
