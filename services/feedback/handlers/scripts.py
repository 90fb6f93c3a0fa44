"""The desk for scripts: what an agent says on the telephone, in the words for this customer and day (R-FB-07)."""

from collections.abc import Mapping
from typing import Any

from services.feedback import store
from services.feedback.domain.customer import Customer
from services.feedback.domain.permission import may_see_customer
from services.feedback.domain.refusal import invalid, not_staff
from services.feedback.domain.script import OF_A_WORK_ORDER, language_of, render, values_for
from services.feedback.handlers.problems import problem_of, unknown
from services.feedback.ports import ScriptSource
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import Command, Problem
from shared.events.commands import GetScript
from shared.policy import Policy


class ScriptDesk:
    """Answers the command about scripts."""

    def __init__(self, policy: Policy, scripts: ScriptSource) -> None:
        self._policy = policy
        self._scripts = scripts

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {GetScript: self.get}

    async def get(self, tx: Transaction, command: GetScript) -> Mapping[str, Any] | Problem:
        """Return {script, language, text}: the whole text as it is read out by who asks."""
        staff = self._policy.staff(command.by)
        if staff is None:
            return problem_of(not_staff(command.by))
        if command.script in OF_A_WORK_ORDER and command.work_order_id is None:
            return problem_of(invalid("work_order_id", f"The script {command.script} is about a work order: name it."))
        customer, number = _named(command), ""
        if command.work_order_id is not None:
            found = await store.find_case(tx.connection, command.work_order_id)
            if found is None:
                return unknown("work order", "work_order_id", command.work_order_id)
            case, known = found
            if (refusal := may_see_customer(staff, [case.department], self._policy)) is not None:
                return problem_of(refusal)
            customer, number = customer or known, case.number
        language = command.language or language_of(customer.locale if customer else self._policy.locale)
        today = self._policy.calendar().local(tx.now).date()
        values = values_for(customer, staff, number, today, language, self._policy)
        return {
            "script": command.script,
            "language": language,
            "text": render(self._scripts.text(language, command.script), values),
        }


def _named(command: GetScript) -> Customer | None:
    """Return the customer whom the agent names, as one who has just said how they like to be called."""
    if command.name is None and command.honorific is None:
        return None
    return Customer("", name=command.name, honorific=command.honorific)
