"""Taking what is due from the queue: composed, bundled, within the limits, and marked as in hand, in one transaction."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import structlog

from services.notify.domain.digest import bundles, goes_with_others, held_until, minute_of
from services.notify.handlers.compose import Composed, Composer, Later, Missing, Suppressed, Ways
from services.notify.handlers.pace import Pace
from services.notify.store import digests, queue, suppressed
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
        self._pace = Pace(composer.policy)
        self._window = composer.policy.sla.digest_window.timedelta

    async def claim(
        self, tx: Transaction, owner: int, limit: int
    ) -> tuple[int, list[Composed], list[tuple[Queued, str]]]:
        """Return how many were due, the messages that `owner` has to send now, and what is suppressed, with reasons."""
        found = await queue.due(tx.connection, tx.now, limit)
        results = await self._results(tx, found)
        messages = self._bundled([result for _one, result in results if isinstance(result, Composed)], tx.now)
        ready, limited = await self._pace.within(tx, messages)
        results = [(one, limited.get(one.notification_id, result)) for one, result in results]
        await queue.claim(
            tx.connection, owner, [_in_hand(one, message) for message in ready for one in message.members]
        )
        await queue.save(
            tx.connection, [_aside(one, result, tx.now) for one, result in results if not isinstance(result, Composed)]
        )
        await digests.remember(tx.connection, _minutes(ready), tx.now)
        nobody = [(one, result.reason) for one, result in results if isinstance(result, Suppressed)]
        return len(found), ready, nobody

    async def _results(self, tx: Transaction, found: Sequence[Queued]) -> list[tuple[Queued, Result]]:
        """Return what becomes of each by itself: the address that is not suppressed, the words, or why it waits."""
        ways = [self._composer.ways(one) for one in found]
        prints = {way.fingerprint for some in ways if isinstance(some, tuple) for way in some}
        listed = await suppressed.reasons(tx.connection, prints)
        last = await digests.last_digests(tx.connection, {key for one in found if (key := minute_of(one))})
        results: list[tuple[Queued, Result]] = []
        for one, some in zip(found, ways, strict=True):
            held = held_until(one, last, tx.now, self._window)
            result = Later(held, "one message a minute") if held else self._composed(one, some, listed, tx.now)
            results.append((one, self._unless_busy(result)))
        return results

    def _composed(self, one: Queued, ways: Ways, listed: dict[str, str], now: datetime) -> Result:
        """Return what becomes of `one`; a notification that cannot be written must not hold up the others (R-NT-06)."""
        try:
            return self._composer.compose(one, ways, listed, now)
        except Exception as error:  # noqa: BLE001 (a template may fail in any way)
            log.error("notification cannot be composed", notification=one.notification_id, **told(error))  # noqa: TRY400
            return Suppressed(f"it cannot be composed: {type(error).__name__}")

    def _unless_busy(self, result: Result) -> Result:
        if isinstance(result, Composed) and (at := self._busy(result.transport, result.channel)):
            return Later(at, "the transport is busy")
        return result

    def _bundled(self, ready: Sequence[Composed], now: datetime) -> list[Composed]:
        """Return the messages, the most urgent first, with what goes to one colleague in one of them (R-SLA-10)."""
        by_id = {composed.queued.notification_id: composed for composed in ready}
        news = [(f"{c.transport}/{c.channel}", c.queued) for c in ready if goes_with_others(c.queued)]
        messages = [composed for composed in ready if not goes_with_others(composed.queued)]
        for bundle in bundles(news):
            parts = [by_id[one.notification_id] for one in bundle]
            messages += parts if len(parts) == 1 else self._digest(parts, now)
        return sorted(messages, key=lambda message: min(one.urgency for one in message.members))

    def _digest(self, parts: list[Composed], now: datetime) -> list[Composed]:
        """Return one message for all `parts`, or the parts where that cannot be written."""
        try:
            return [self._composer.digest(parts, now)]
        except Exception as error:  # noqa: BLE001 (same)
            log.error("digest cannot be composed", notification=parts[0].queued.notification_id, **told(error))  # noqa: TRY400
            return parts


def _minutes(ready: Iterable[Composed]) -> set[str]:
    """Return the minutes that begin with these messages; a repeated try belongs to one that has begun."""
    fresh = (one for message in ready for one in message.members if one.attempt == 0)
    return {minute for one in fresh if (minute := minute_of(one)) is not None}


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
