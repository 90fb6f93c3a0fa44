"""Taking what is due from the queue: composed, bundled, and marked as in hand, in one transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import structlog

from services.notify.domain.digest import bundles, held_until, is_alert
from services.notify.handlers.compose import Composed, Composer, Later, Missing, Suppressed
from services.notify.store import digests, queue
from services.notify.store.queue import Queued
from shared.bus.failures import told
from shared.bus.transaction import Transaction

log = structlog.get_logger()

Result = Composed | Suppressed | Later | Missing


class Claimer:
    """Decides which of the notifications that are due leave now, in which messages."""

    def __init__(self, composer: Composer, busy: Callable[[str, str], datetime | None]) -> None:
        self._composer = composer
        self._busy = busy
        self._window = composer.policy.sla.digest_window.timedelta

    async def claim(
        self, tx: Transaction, owner: int, limit: int
    ) -> tuple[int, list[Composed], list[tuple[Queued, str]]]:
        """Return how many were due, the messages that `owner` has to send now, and what is suppressed, with reasons."""
        found = await queue.due(tx.connection, tx.now, limit)
        recipients = {one.recipient for one in found if is_alert(one)}
        last = await digests.last_alerts(tx.connection, recipients)
        results: list[tuple[Queued, Result]] = []
        for one in found:
            held = held_until(one, last, tx.now, self._window)
            result = Later(held, "one alert a minute") if held else self._composed(one, tx.now)
            results.append((one, self._unless_busy(result)))
        await queue.claim(
            tx.connection, owner, [_in_hand(one, result) for one, result in results if isinstance(result, Composed)]
        )
        await queue.save(
            tx.connection, [_aside(one, result, tx.now) for one, result in results if not isinstance(result, Composed)]
        )
        ready = [result for _one, result in results if isinstance(result, Composed)]
        alerted = {c.queued.recipient for c in ready if is_alert(c.queued) and c.queued.tries == 0}
        await digests.remember(tx.connection, alerted, tx.now)
        suppressed = [(one, result.reason) for one, result in results if isinstance(result, Suppressed)]
        return len(found), self._bundled(ready, tx.now), suppressed

    def _composed(self, one: Queued, now: datetime) -> Result:
        """Return what becomes of `one`; a notification that cannot be written must not hold up the others (R-NT-06)."""
        try:
            return self._composer.compose(one, now)
        except Exception as error:  # noqa: BLE001 (a template may fail in any way)
            log.error("notification cannot be composed", notification=one.notification_id, **told(error))  # noqa: TRY400
            return Suppressed(f"it cannot be composed: {type(error).__name__}")

    def _unless_busy(self, result: Result) -> Result:
        if isinstance(result, Composed) and (at := self._busy(result.transport, result.channel)):
            return Later(at, "the transport is busy")
        return result

    def _bundled(self, ready: Sequence[Composed], now: datetime) -> list[Composed]:
        """Return the messages with the alerts of one recipient in one of them (R-SLA-10)."""
        by_id = {composed.queued.notification_id: composed for composed in ready}
        alerts = [(f"{c.transport}/{c.channel}", c.queued) for c in ready if is_alert(c.queued)]
        messages = [composed for composed in ready if not is_alert(composed.queued)]
        for bundle in bundles(alerts):
            parts = [by_id[one.notification_id] for one in bundle]
            messages += parts if len(parts) == 1 else self._digest(parts, now)
        return messages

    def _digest(self, parts: list[Composed], now: datetime) -> list[Composed]:
        """Return one message for all `parts`, or the parts where that cannot be written."""
        try:
            return [self._composer.digest(parts, now)]
        except Exception as error:  # noqa: BLE001 (same)
            log.error("digest cannot be composed", notification=parts[0].queued.notification_id, **told(error))  # noqa: TRY400
            return parts


def _in_hand(one: Queued, composed: Composed) -> dict[str, Any]:
    return {
        "notification_id": one.notification_id,
        "channel": composed.channel,
        "transport": composed.transport,
        "to_masked": composed.to_masked,
        "route": composed.route,
        "attempt": one.attempt + 1,
        "tries": one.tries + 1,
        "reason": None,
    }


def _aside(one: Queued, result: Result, now: datetime) -> dict[str, Any]:
    """Return the new columns of a notification that does not leave now."""
    row: dict[str, Any] = {"notification_id": one.notification_id, "next_attempt_at": now, "settled_at": None}
    match result:
        case Later(at, reason):
            return row | {"state": "queued", "reason": reason, "next_attempt_at": at}
        case Suppressed(reason):
            return row | {"state": "suppressed", "reason": reason, "settled_at": now}
        case _:
            return row | {"state": "waiting", "reason": "its work order or contact is not known yet"}
