"""Asking the other services for their books, and waiting until they have done what was on its way."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from services.intake.domain.reconciliation import Answer, Fate, Stage, fates
from shared.bus.ask import Ask
from shared.events.commands import AccountCases, AccountClocks, AccountNotices, AccountWorkorders
from shared.ids import new_id
from shared.reconciliation import SYSTEM, Account, Standing

SETTLE_SECONDS: Final = 20.0
POLL_SECONDS: Final = 0.2
_AFTER_ROUTING: Final[dict[Stage, type[AccountClocks | AccountNotices | AccountCases]]] = {
    "clocks": AccountClocks,
    "notices": AccountNotices,
    "cases": AccountCases,
}


class Books:
    """What the other services say. `UnansweredError` where one of them does not."""

    def __init__(self, ask: Ask, own: Callable[[], Awaitable[Standing]]) -> None:
        """Take what asks the others, and what tells how far this service itself has come."""
        self._ask = ask
        self._own = own

    async def fates(self, contact_ids: Sequence[str]) -> list[Fate]:
        """Return what has become of these contacts."""
        routing = await self._routing(tuple(contact_ids))
        versions = dict(routing.found.values())
        stages = _AFTER_ROUTING if versions else {}
        accounts = await asyncio.gather(*(self._after(stage, versions) for stage in stages))
        work_orders = {contact_id: found[0] for contact_id, found in routing.found.items()}
        return fates(
            contact_ids,
            Answer(set(routing.missing), set(routing.letters), work_orders),
            {
                stage: Answer(set(account.missing), set(account.letters))
                for stage, account in zip(stages, accounts, strict=True)
            },
        )

    async def settled(self) -> bool:
        """Return whether everybody has done what was published before this call, waiting for it a while.

        First what intake has written is published and applied by routing, then what routing made of it by the others.
        """
        deadline = time.monotonic() + SETTLE_SECONDS
        if not await _until(_flushed(self._own), deadline):
            return False
        target = (await self._routing_standing()).published

        async def routing_applied() -> bool:
            return (await self._routing_standing()).applied_up_to(target)

        if not await _until(routing_applied, deadline):
            return False
        if not await _until(_flushed(self._routing_standing), deadline):
            return False
        last = (await self._routing_standing()).published

        async def all_applied() -> bool:
            accounts = await asyncio.gather(*(self._after(stage, {}) for stage in _AFTER_ROUTING))
            return all(account.standing.applied_up_to(last) for account in accounts)

        return await _until(all_applied, deadline)

    async def _routing(self, contact_ids: tuple[str, ...]) -> Account:
        question = AccountWorkorders(command_id=new_id(), by=SYSTEM, contact_ids=contact_ids)
        return Account.model_validate(await self._ask(question))

    async def _routing_standing(self) -> Standing:
        return (await self._routing(())).standing

    async def _after(self, stage: Stage, versions: dict[str, int]) -> Account:
        question = _AFTER_ROUTING[stage](command_id=new_id(), by=SYSTEM, work_orders=versions)
        return Account.model_validate(await self._ask(question))


def _flushed(standing: Callable[[], Awaitable[Standing]]) -> Callable[[], Awaitable[bool]]:
    """Return what asks whether everything that was written before now is published."""
    began = time.monotonic()

    async def flushed() -> bool:
        asked = time.monotonic()
        return (await standing()).unsent_seconds <= asked - began

    return flushed


async def _until(holds: Callable[[], Awaitable[bool]], deadline: float) -> bool:
    """Return whether `holds` came true before the deadline."""
    while not await holds():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(POLL_SECONDS)
    return True
