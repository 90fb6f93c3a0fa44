"""The books of routing: every contact has its work order (guarantee 6)."""

from collections.abc import Mapping
from typing import Any

from services.routing.store.reconciliation import work_orders_of
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import Command, Problem
from shared.events.commands import AccountWorkorders
from shared.policy import Policy
from shared.reconciliation import Accountant, stranger


class Books:
    """Answers what has become of contacts; ids and versions only."""

    def __init__(self, policy: Policy, accountant: Accountant) -> None:
        self._policy = policy
        self._accountant = accountant

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {AccountWorkorders: self.work_orders}

    async def work_orders(self, tx: Transaction, command: AccountWorkorders) -> Mapping[str, Any] | Problem:
        """Return an `Account`: for each contact its work order, else whether it is in the dead letters."""
        if (refused := stranger(command.by, self._policy)) is not None:
            return refused
        found = await work_orders_of(tx.connection, command.contact_ids)
        absent = set(command.contact_ids) - found.keys()
        return await self._accountant.account(tx.connection, "contact_id", absent, found)
