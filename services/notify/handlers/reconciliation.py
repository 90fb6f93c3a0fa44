"""The books of notify: of every work order the customer was told, or there is a reason why not (guarantee 6)."""

from collections.abc import Mapping
from typing import Any

from services.notify.store.reconciliation import unnoticed
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import Command, Problem
from shared.events.commands import AccountNotices
from shared.policy import Policy
from shared.reconciliation import Accountant, stranger


class Books:
    """Answers which work orders lack their notice or events; ids only."""

    def __init__(self, policy: Policy, accountant: Accountant) -> None:
        self._policy = policy
        self._accountant = accountant
        self._silent = [name for name, category in policy.categories.items() if category.outbound]

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {AccountNotices: self.notices}

    async def notices(self, tx: Transaction, command: AccountNotices) -> Mapping[str, Any] | Problem:
        """Return an `Account` of the work orders."""
        if (refused := stranger(command.by, self._policy)) is not None:
            return refused
        behind = await self._accountant.behind(tx.connection, command.work_orders)
        lacking = await unnoticed(tx.connection, command.work_orders, self._silent)
        return await self._accountant.account(tx.connection, "work_order_id", behind | lacking)
