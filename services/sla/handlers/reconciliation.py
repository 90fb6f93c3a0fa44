"""The books of sla: every work order has the clocks that were started for it (guarantee 6)."""

from collections.abc import Mapping
from typing import Any

from services.sla.store.reconciliation import incomplete
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import Command, Problem
from shared.events.commands import AccountClocks
from shared.policy import Policy
from shared.reconciliation import Accountant, stranger


class Books:
    """Answers which work orders lack clocks or events; ids only."""

    def __init__(self, policy: Policy, accountant: Accountant) -> None:
        self._policy = policy
        self._accountant = accountant

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {AccountClocks: self.clocks}

    async def clocks(self, tx: Transaction, command: AccountClocks) -> Mapping[str, Any] | Problem:
        """Return an `Account` of the work orders."""
        if (refused := stranger(command.by, self._policy)) is not None:
            return refused
        behind = await self._accountant.behind(tx.connection, command.work_orders)
        lacking = await incomplete(tx.connection, command.work_orders)
        return await self._accountant.account(tx.connection, "work_order_id", behind | lacking)
