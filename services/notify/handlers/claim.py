"""Taking what is due from the queue: composed, bundled, within the limits, and marked as in hand, in one transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from services.notify.domain.digest import bundles, goes_with_others, held_until, minute_of
from services.notify.handlers.compose import (
    Addressed,
    Bundle,
    Composed,
    Composer,
    Later,
    Missing,
    Suppressed,
    Ways,
)
from services.notify.handlers.pace import Pace
from services.notify.store import digests, queue
from services.notify.store.obstacles import obstacles
from services.notify.store.queue import Queued
from shared.bus.failures import told
from shared.bus.transaction import Transaction
from shared.values import replace

log = structlog.get_logger()

Result = Addressed | Suppressed | Later | Missing


@dataclass(frozen=True, slots=True)
class Decided:
    """What becomes of notifications that are due."""

    ready: Sequence[Composed]
    """The messages that leave now."""
    columns: Mapping[str, Mapping[str, Any]]
    """By notification, what is written of it: of one that leaves, where it goes; of another, why it does not."""
    nobody: Sequence[tuple[Queued, str]]
    """What is suppressed, with the reasons."""

    @property
    def in_hand(self) -> frozenset[str]:
        """The ids of all notifications that leave now."""
        return frozenset(part.queued.notification_id for message in self.ready for part in message.parts)

    @property
    def waits(self) -> bool:
        """Whether one of them waits for its work order or contact to become known."""
        return any(columns.get("state") == "waiting" for columns in self.columns.values())


class Claimer:
    """Decides which of the notifications that are due leave now, in which messages."""

    def __init__(self, composer: Composer, way: Callable[[Sequence[str], str, int], int | Later]) -> None:
        """Take `way`, which says which transport of a chain takes a message for a channel now, or when to ask again."""
        self._composer = composer
        self._way = way
        self._pace = Pace(composer.policy)
        self._window = composer.policy.sla.digest_window.timedelta

    async def claim(self, tx: Transaction, owner: int, limit: int) -> tuple[int, Decided]:
        """Return how many were due, and what becomes of them; what leaves is in the hands of `owner` now."""
        found = await queue.due(tx.connection, tx.now, limit)
        decided = await self.decide(tx, found)
        mine = decided.in_hand
        rows = [{"notification_id": key, **columns} for key, columns in decided.columns.items() if key in mine]
        await queue.claim(tx.connection, owner, rows)
        aside = [{"notification_id": key, **columns} for key, columns in decided.columns.items() if key not in mine]
        await queue.save(tx.connection, aside)
        return len(found), decided

    async def decide(self, tx: Transaction, found: Sequence[Queued]) -> Decided:
        """Return what becomes of `found`, which are due; what leaves now has taken its place in limits and minutes."""
        results = dict(await self._results(tx, found))
        addressed = [result for result in results.values() if isinstance(result, Addressed)]
        bundles, limited = await self._pace.within(tx, _bundled(addressed))
        results |= limited
        ready: list[Composed] = []
        for bundle in bundles:
            ready += self._written(bundle, results, tx.now)
        await digests.remember(tx.connection, _minutes(ready), tx.now)
        by_id = {one.notification_id: one for one in found}
        return Decided(
            ready,
            {key: _columns(by_id[key], result, tx.now) for key, result in results.items()},
            [(by_id[key], result.reason) for key, result in results.items() if isinstance(result, Suppressed)],
        )

    async def _results(self, tx: Transaction, found: Sequence[Queued]) -> list[tuple[str, Result]]:
        """Return what becomes of each by itself: the address that is not suppressed, or why it waits."""
        ways = [self._composer.ways(one) for one in found]
        prints = {way.fingerprint for some in ways if isinstance(some, tuple) for way in some}
        minutes = {key for one in found if (key := minute_of(one))}
        there = await obstacles(tx.connection, prints, minutes, tx.now - self._window)
        results: list[tuple[str, Result]] = []
        for one, some in zip(found, ways, strict=True):
            held = held_until(one, there.last, tx.now, self._window)
            result = (
                Later(held, "one message a minute") if held else self._addressed(one, some, there.suppressed, tx.now)
            )
            results.append((one.notification_id, self._by_what_works(result)))
        return results

    def _addressed(self, one: Queued, ways: Ways, listed: Mapping[str, str], now: datetime) -> Result:
        """Return what becomes of `one`; a notification that makes trouble must not hold up the others (R-NT-06)."""
        try:
            return self._composer.addressed(one, ways, listed, now)
        except Exception as error:  # noqa: BLE001 (the values of a notice are a stranger's)
            return _unwritable(one, error)

    def _by_what_works(self, result: Result) -> Result:
        """Return `result` by another transport of its chain where its own does not work; it waits where none does."""
        if not isinstance(result, Addressed):
            return result
        chain = self._composer.chain(result.queued.audience, result.channel)
        way = self._way(chain, result.channel, result.route)
        if isinstance(way, Later):
            return way
        return result if way == result.route else replace(result, transport=chain[way], route=way)

    def _written(self, bundle: Bundle, results: dict[str, Result], now: datetime) -> list[Composed]:
        """Return the message of `bundle`; where a digest cannot be written, its parts each by itself.

        What cannot be written at all is noted in `results` (R-NT-06).
        """
        try:
            return [self._composer.written(bundle, now)]
        except Exception as error:  # noqa: BLE001 (a template may fail in any way)
            if len(bundle) == 1:
                results[bundle[0].queued.notification_id] = _unwritable(bundle[0].queued, error)
                return []
            log.error("digest cannot be composed", notification=bundle[0].queued.notification_id, **told(error))  # noqa: TRY400
            return [message for part in bundle for message in self._written((part,), results, now)]


def _unwritable(one: Queued, error: Exception) -> Suppressed:
    log.error("notification cannot be composed", notification=one.notification_id, **told(error))
    return Suppressed(f"it cannot be composed: {type(error).__name__}")


def _bundled(ready: Sequence[Addressed]) -> list[Bundle]:
    """Return the messages, the most urgent first, with what goes to one colleague in one of them (R-SLA-10)."""
    by_id = {one.queued.notification_id: one for one in ready}
    found: list[Bundle] = [(one,) for one in ready if not goes_with_others(one.queued)]
    news = [(f"{one.transport}/{one.channel}", one.queued) for one in ready if goes_with_others(one.queued)]
    found += [[by_id[one.notification_id] for one in bundle] for bundle in bundles(news)]
    return sorted(found, key=lambda bundle: min(part.queued.urgency for part in bundle))


def _minutes(ready: Iterable[Composed]) -> set[str]:
    """Return the minutes that begin with these messages; a repeated try belongs to one that has begun."""
    fresh = (part.queued for message in ready for part in message.parts if part.queued.attempt == 0)
    return {minute for one in fresh if (minute := minute_of(one)) is not None}


def _columns(one: Queued, result: Result, now: datetime) -> dict[str, Any]:
    """Return the new columns of a notification; all that leave have the same, and so have all others."""
    match result:
        case Addressed():
            return {
                "channel": result.channel,
                "transport": result.transport,
                "to_masked": result.to_masked,
                "route": result.route,
                "attempt": one.attempt + 1,
                "tries": one.tries + 1,
                "reason": None,
            }
        case Later(at, reason):
            return {"state": "queued", "reason": reason, "next_attempt_at": at, "settled_at": None}
        case Suppressed(reason):
            return {"state": "suppressed", "reason": reason, "next_attempt_at": now, "settled_at": now}
        case _:
            reason = "its work order or contact is not known yet"
            return {"state": "waiting", "reason": reason, "next_attempt_at": now, "settled_at": None}
