"""The books of a service that holds something for every work order: it answers which lack it, by their ids."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import Command, Problem
from shared.events.commands import AccountCases, AccountClocks, AccountNotices
from shared.policy import Policy
from shared.reconciliation.accountant import Accountant
from shared.reconciliation.permission import stranger

Lacking = Callable[[AsyncConnection, Collection[str]], Awaitable[set[str]]]
"""Returns those of the work orders for which the service's own tables lack something."""


def books(
    policy: Policy,
    accountant: Accountant,
    question: type[AccountCases | AccountClocks | AccountNotices],
    lacking: Lacking,
) -> Mapping[type[Command], CommandHandler]:
    """Return the handler of `question`: an `Account` of the work orders that lack something, or an event of theirs."""

    async def answer(tx: Transaction, command: Any) -> Mapping[str, Any] | Problem:
        if (refused := stranger(command.by, policy)) is not None:
            return refused
        behind = await accountant.behind(tx.connection, command.work_orders)
        absent = behind | await lacking(tx.connection, command.work_orders)
        return await accountant.account(tx.connection, "work_order_id", absent)

    return {question: answer}
