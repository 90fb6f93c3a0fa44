"""The commands of intake: complete a contact, read one, count calls; only staff may give them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from services.intake import store
from services.intake.domain.calls import LIMITS, CallCounts
from services.intake.domain.customer_file import FIELDS
from services.intake.domain.personal import personal
from services.intake.handlers.completion import Register
from services.intake.handlers.refusals import stranger, unknown_contact, unstorable
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import Command, Fault, Problem, refuse
from shared.events.commands import CompleteContact, CountCalls, GetContact
from shared.policy import Policy

K = TypeVar("K", bound=Command)
Answer = Mapping[str, Any] | Problem

_AS_RECORDED = (
    "source_id",
    "channel",
    "customer_id",
    "occurred_at",
    "registered_at",
    "duration_seconds",
    "agent_id",
    "category",
    "topic",
    "attachments",
    "emotion",
    "locale",
    "provenance",
    "dropped",
    "call",
)


class Desk:
    """Answers the commands of intake. A refusal is a problem, and nothing has changed then."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {
            CompleteContact: self._for_staff(Register(self._policy).complete),
            GetContact: self._for_staff(self.get),
            CountCalls: self._for_staff(self.count_calls),
        }

    async def get(self, tx: Transaction, command: GetContact) -> Answer:
        """Return `{contact, customer, completions}`: `contact.personal` is what is known now, `contact.told` what was told.

        Times are RFC 3339. `contact.provenance` is by dotted place, `customer.provenance` by detail, with the contact
        that volunteered it (R-IN-03).
        """
        found = await store.load_contact(tx.connection, command.contact_id)
        if found is None:
            return unknown_contact(command.contact_id)
        record = found.record(self._policy.intake.tiers)
        told = {name: value for name, value in found.row["customer"].items() if name != "preferences"}
        contact = {
            "contact_id": record.contact_id,
            **{name: found.row[name] for name in _AS_RECORDED},
            "details": record.details,
            "personal": personal(record.known, record.text),
            "told": told,
        }
        customer = {
            "customer_id": record.customer_id,
            **{name: getattr(record.file, name) for name in FIELDS},
            "preferences": record.file.preferences,
            "provenance": found.file_provenance,
        }
        completions = await store.completions_of(tx.connection, record.contact_id)
        return {"contact": contact, "customer": customer, "completions": completions}

    async def count_calls(self, tx: Transaction, command: CountCalls) -> Answer:
        """Return `{total, agents: [{agent_id, …}], answer_rate_target}`; `agent_id` is null for calls nobody answered."""
        if command.last_day < command.first_day:
            fault = Fault("last_day", "lies before first_day")
            return refuse(
                422, "invalid-content", "The command's content cannot be used", "last_day is too early.", (fault,)
            )
        counts = await store.calls_between(tx.connection, command.first_day, command.last_day, command.agent_id)
        agents = [{"agent_id": agent or None, **_told(one)} for agent, one in counts.items()]
        target = self._policy.intake.answering.rate_percent / 100
        return {"total": _told(sum(counts.values(), CallCounts())), "agents": agents, "answer_rate_target": target}

    def _for_staff(self, handler: Callable[[Transaction, K], Awaitable[Answer]]) -> CommandHandler:
        async def answer(tx: Transaction, command: K) -> Answer:
            if self._policy.staff(command.by) is None:
                return stranger(command.by)
            for name, value in command:
                if isinstance(value, str) and "\0" in value:
                    return unstorable(name)
            return await handler(tx, command)

        return answer


def _told(counts: CallCounts) -> dict[str, Any]:
    return {
        "calls": counts.calls,
        "answered": counts.answered,
        "missed": counts.missed,
        "answer_rate": round(counts.answer_rate, 4),
        "exceeded": {name: getattr(counts, name) for name in LIMITS},
    }
