"""What providers say afterwards: delivered, or not after all, and then it goes another way (R-NT-05, R-NT-07)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog

from services.notify.domain.delivery import follow
from services.notify.domain.outcome import Rejected
from services.notify.handlers.callers import (
    CONFLICT,
    UNPROCESSABLE,
    neither_staff_nor_transport,
    transport_of,
    unknown_notification,
)
from services.notify.handlers.compose import Composer, Way
from services.notify.handlers.record import Attempt, Recorder, harmless, settled_row
from services.notify.store import queue, suppressed, troubles
from services.notify.store.queue import Queued
from shared.bus.transaction import Transaction
from shared.events import ContactSetAside, Fault, Problem, refuse
from shared.events.commands import RecordReceipt

log = structlog.get_logger()

SYSTEM = "system"
"""Who suppresses an address that a bounce names."""
MAIL = "email"
"""What a report by mail is about: of a message that has gone another way since it says nothing."""
_ARRIVES = frozenset({"sent", "unknown", "failed", "queued"})
_FAILS = frozenset({"sent", "unknown"})


class Receipts:
    """Applies receipts to the notifications that a message brought."""

    def __init__(self, composer: Composer, recorder: Recorder, nudge: Callable[[int], None]) -> None:
        self._composer = composer
        self._recorder = recorder
        self._nudge = nudge

    async def receipt(self, tx: Transaction, command: RecordReceipt) -> Mapping[str, Any] | Problem:
        """Note what became of the message; the same receipt again changes nothing."""
        if problem := neither_staff_nor_transport(command, self._composer.policy):
            return problem
        if (command.notification_id is None) == (command.provider_id is None):
            fault = Fault("provider_id", "is to be given, or notification_id, and not both")
            detail = "Name the message by the provider's id or by the notification's."
            return refuse(UNPROCESSABLE, "invalid", "One id is wanted", detail, (fault,))
        found = await queue.of_message(tx.connection, command.notification_id, command.provider_id)
        mine = [one for one in found if transport_of(command) in {None, one.transport}]
        if not mine:
            return unknown_notification("notification_id" if command.notification_id else "provider_id")
        if problem := await self._apply(tx, mine, command):
            return problem
        states = await queue.states(tx.connection, [one.notification_id for one in mine])
        return {"receipt": command.state, "notifications": states}

    async def reported(self, tx: Transaction, event: ContactSetAside) -> None:
        """Note what a mail that came to us says of mails of ours; what is not ours or comes too late changes nothing."""
        for report in event.reports:
            found = await queue.of_message(tx.connection, None, f"<{report.message_id}>")
            if not found:  # the server's answer was lost, and the mail arrived there all the same
                ours = report.message_id.partition("@")[0].partition(".")[0]
                found = [one for one in await queue.of_message(tx.connection, ours, None) if one.channel == MAIL]
            told = RecordReceipt(command_id=event.source_id[:100], by=SYSTEM, state=report.state, reason=report.reason)
            if not found or await self._apply(tx, found, told) is not None:
                log.info("a report on a message came to nothing", state=report.state, known=bool(found))

    async def _apply(self, tx: Transaction, mine: Sequence[Queued], command: RecordReceipt) -> Problem | None:
        """Apply a receipt to the notifications of one message, or return why it cannot be."""
        fresh = [one for one in mine if one.receipt != command.state]
        refused = [one for one in fresh if one.receipt or one.state not in self._open(command)]
        if refused:
            first = refused[0]
            detail = f"Its state is {first.state}" + (f" and its receipt {first.receipt}." if first.receipt else ".")
            return refuse(CONFLICT, "receipt-out-of-date", "The receipt comes too late or too early", detail)
        if command.state == "delivered":
            await self._delivered(tx, fresh)
        else:
            await self._came_back(tx, fresh, command)
        await troubles.add(tx.connection, [_happened(tx, one, command) for one in fresh])
        return None

    def _open(self, command: RecordReceipt) -> frozenset[str]:
        return _ARRIVES if command.state == "delivered" else _FAILS

    async def _delivered(self, tx: Transaction, found: Sequence[Queued]) -> None:
        """Note that it arrived: whatever was unknown of it is known now (R-NT-04)."""
        rows = [
            {
                "notification_id": one.notification_id,
                "state": "sent",
                "receipt": "delivered",
                "reason": None,
                "settled_at": tx.now,
            }
            for one in found
        ]
        await queue.save(tx.connection, rows)
        for one in found:
            attempt = _attempt(one)
            if one.state != "sent":
                self._recorder.emit(tx, attempt, "sent", None)
            self._recorder.emit(tx, attempt, "delivered", None)

    async def _came_back(self, tx: Transaction, found: Sequence[Queued], command: RecordReceipt) -> None:
        """Send it another way, or let it fail where there is none; an address that bounced is suppressed."""
        bounced = command.state == "bounced"
        ways = {one.notification_id: self._ways(one) for one in found}
        used = [(one, way) for one in found for way in ways[one.notification_id] if way.address.channel == one.channel]
        if bounced:
            await suppressed.add(tx.connection, [_bounce(tx, one, way, command.by) for one, way in used])
        prints = {way.fingerprint for some in ways.values() for way in some}
        listed = await suppressed.reasons(tx.connection, prints)
        rows = []
        for one in found:
            others = [
                way
                for way in ways[one.notification_id]
                if way.address.channel != one.channel and way.fingerprint not in listed
            ]
            verdict = follow(
                Rejected(harmless(command.reason) or f"the provider reports it as {command.state}", address=bounced),
                tries=one.tries,
                route=one.route,
                routes=len(self._composer.chain(one.audience, one.channel or "")),
                more=bool(others),
                resend=False,
                retries=self._composer.policy.notify.retries,
            )
            row = settled_row(one, one.channel or "", verdict, one.tries, tx.now, self._composer.policy)
            rows.append(row | {"receipt": command.state if verdict.state == "failed" else None, "reference": None})
            if verdict.state == "failed":
                self._recorder.emit(tx, _attempt(one), "failed", verdict.reason)
        await queue.save(tx.connection, rows)
        self._nudge(sum(row["state"] == "queued" and row["next_attempt_at"] <= tx.now for row in rows))

    def _ways(self, one: Queued) -> tuple[Way, ...]:
        ways = self._composer.ways(one)
        return ways if isinstance(ways, tuple) else ()


def _attempt(one: Queued) -> Attempt:
    return Attempt.of(one, one.transport or "", one.channel or "", one.to_masked or "")


def _bounce(tx: Transaction, one: Queued, way: Way, by: str) -> dict[str, Any]:
    return {
        "fingerprint": way.fingerprint,
        "channel": way.address.channel,
        "to_masked": one.to_masked or "",
        "reason": "bounced",
        "by": by,
        "notification_id": one.notification_id,
        "at": tx.now,
    }


def _happened(tx: Transaction, one: Queued, command: RecordReceipt) -> dict[str, Any]:
    return {
        "notification_id": one.notification_id,
        "attempt": one.attempt,
        "what": command.state,
        "channel": one.channel or "",
        "transport": one.transport or "",
        "to_masked": one.to_masked or "",
        "reason": harmless(command.reason),
        "at": tx.now,
    }
