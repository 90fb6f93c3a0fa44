"""The books of feedback: every work order has its case (guarantee 6)."""

from collections.abc import Mapping
from typing import Any

from services.feedback.store.reconciliation import without_case
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import Command, Problem
from shared.events.commands import AccountCases
from shared.policy import Policy
from shared.reconciliation import Accountant, stranger


class Books:
    """Answers which work orders lack their case or events; ids only."""

    def __init__(self, policy: Policy, accountant: Accountant) -> None:
        self._policy = policy
        self._accountant = accountant

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {AccountCases: self.cases}

    async def cases(self, tx: Transaction, command: AccountCases) -> Mapping[str, Any] | Problem:
        """Return an `Account` of the work orders."""
        if (refused := stranger(command.by, self._policy)) is not None:
            return refused
        behind = await self._accountant.behind(tx.connection, command.work_orders)
        lacking = await without_case(tx.connection, command.work_orders)
        return await self._accountant.account(tx.connection, "work_order_id", behind | lacking)
