"""Receipts to notify, which knows the messages: each by a command, several at once."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from services.intake.adapters.sms_receipts.reports import Receipt
from shared.adapters import HttpProblem
from shared.bus.ask import Ask, RefusedError, UnansweredError
from shared.events.commands import RecordReceipt
from shared.ids import derived_id, new_id

SOON: Final = timedelta(minutes=10)
"""A report may be faster than what it reports on is written down here: so long it is asked for again."""
AT_ONCE: Final = 20
AGAIN_SECONDS: Final = 60
NOT_FOUND: Final = 404
_EARLY: Final = frozenset({NOT_FOUND, 409})
_SERVERS_OWN: Final = 500
"""From this status on it is notify's own trouble, and nothing has changed there."""

log = structlog.get_logger()


def real_now() -> datetime:
    """Return the real time: what vendors write, whatever clock the business rehearses with."""
    return datetime.now(UTC)


class Records:
    """Hands receipts on."""

    def __init__(self, ask: Ask, now: Callable[[], datetime] = real_now) -> None:
        self._ask = ask
        self._now = now

    async def record(self, receipts: Sequence[Receipt]) -> None:
        """Return when every receipt is recorded, or will never be; `HttpProblem` 503 where they are to come again.

        A repeated one changes nothing (R-NT-05), so the sender may send all of them again.
        """
        places = asyncio.Semaphore(AT_ONCE)

        async def one(receipt: Receipt) -> bool:
            async with places:
                return await self._recorded(receipt)

        done = await asyncio.gather(*map(one, receipts))
        if not all(done):
            raise HttpProblem(
                503,
                "not-yet",
                "Some of the messages are not known yet, or the service that knows them is away",
                "Send the same reports again.",
                headers={"Retry-After": str(AGAIN_SECONDS)},
            )

    async def _recorded(self, receipt: Receipt) -> bool:
        """Return False where the same receipt has a chance later."""
        try:
            await self._told(receipt)
        except RefusedError as error:
            if error.status >= _SERVERS_OWN or (error.status in _EARLY and self._is_fresh(receipt)):
                return False
            log.warning("receipt refused", transport=receipt.transport, state=receipt.state, status=error.status)
        except UnansweredError:
            return False
        return True

    async def _told(self, receipt: Receipt) -> None:
        """Tell notify by the vendor's name for the message, else by ours; `UnansweredError`."""
        if receipt.provider_id is not None:
            try:
                await self._ask(_command(receipt, new_id(), provider_id=receipt.provider_id))
            except RefusedError as error:
                if error.status != NOT_FOUND or receipt.notification_id is None:
                    raise
            else:
                return
        # of our name there may be later attempts: a report of failure counts once, whenever it is repeated
        once = derived_id("receipt", receipt.transport, receipt.notification_id or "", receipt.provider_id or "")
        command_id = new_id() if receipt.state == "delivered" else once
        await self._ask(_command(receipt, command_id, notification_id=receipt.notification_id))

    def _is_fresh(self, receipt: Receipt) -> bool:
        return receipt.at is not None and abs(self._now() - receipt.at) < SOON


def _command(
    receipt: Receipt, command_id: str, *, notification_id: str | None = None, provider_id: str | None = None
) -> RecordReceipt:
    return RecordReceipt(
        command_id=command_id,
        by=f"transport:{receipt.transport}",
        notification_id=notification_id,
        provider_id=provider_id,
        state=receipt.state,
        reason=receipt.reason,
    )
