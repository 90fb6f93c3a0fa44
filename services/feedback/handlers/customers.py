"""The desk for customer files: contacts, work orders, tags, satisfaction and preferences in one place (R-FB-08)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.feedback import store
from services.feedback.domain.callback import Callback
from services.feedback.domain.case import Case
from services.feedback.domain.customer import Customer
from services.feedback.domain.customer_file import CustomerFile
from services.feedback.domain.permission import may_see_customer
from services.feedback.domain.refusal import invalid, not_staff
from services.feedback.handlers.problems import problem_of, unknown
from shared.bus.commands import CommandHandler
from shared.bus.transaction import Transaction
from shared.events import Command, Problem
from shared.events.commands import GetCustomer, SearchCustomers
from shared.policy import Policy
from shared.times import rfc3339

_NAMES = ("customer_id", "work_order_id", "number", "contact_id", "phone", "member_no")


class CustomerDesk:
    """Answers the commands about customers; whoever may not see one is told so, and learns nothing else."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    @property
    def commands(self) -> Mapping[type[Command], CommandHandler]:
        """Every command that is answered here, with its handler."""
        return {GetCustomer: self.get, SearchCustomers: self.search}

    async def get(self, tx: Transaction, command: GetCustomer) -> Mapping[str, Any] | Problem:
        """Return one customer's file: who, preferences, tags, satisfaction, contacts, work orders, open callbacks."""
        staff = self._policy.staff(command.by)
        if staff is None:
            return problem_of(not_staff(command.by))
        customer_id = await store.find_customer_id(tx.connection, command)
        file = await store.load_file(tx.connection, customer_id, command.limit) if customer_id else None
        if file is None:
            field = next(name for name in _NAMES if getattr(command, name) is not None)
            return unknown("customer", field, str(getattr(command, field)))
        refusal = may_see_customer(staff, [case.department for case in file.cases], self._policy)
        return problem_of(refusal) if refusal else _shown(file)

    async def search(self, tx: Transaction, command: SearchCustomers) -> Mapping[str, Any] | Problem:
        """Return {customers: […]}: those to whom everything given applies and whom the asker may see."""
        staff = self._policy.staff(command.by)
        if staff is None:
            return problem_of(not_staff(command.by))
        if not command.model_dump(exclude={"command_id", "by", "limit"}, exclude_none=True):
            return problem_of(invalid("tag", "Say whom to look for: a tag, name, company, phone, number or tier."))
        found = await store.search_customers(tx.connection, command)
        return {
            "customers": [
                {
                    "customer_id": one.person.customer_id,
                    "name": one.person.name,
                    "honorific": one.person.honorific,
                    "phone": one.person.phone,
                    "company": one.person.company,
                    "member_no": one.person.member_no,
                    "tier": one.person.tier,
                    "tags": one.tags,
                    "work_orders": one.work_orders,
                    "last_contact_at": _moment(one.last_contact_at),
                }
                for one in found
                if may_see_customer(staff, one.departments, self._policy) is None
            ]
        }


def _shown(file: CustomerFile) -> dict[str, Any]:
    person, numbers = file.person, {case.work_order_id: case.number for case in file.cases}
    of_contact = {case.contact_id: case.number for case in file.cases}
    return {
        "customer_id": person.customer_id,
        "name": person.name,
        "honorific": person.honorific,
        "phone": person.phone,
        "email": person.email,
        "company": person.company,
        "address": person.address,
        "member_no": person.member_no,
        "type": person.customer_type,
        "tier": person.tier,
        "preferences": {
            "channel": person.preferred_channel,
            "plain_language": person.plain_language,
            "locale": person.locale,
        },
        "tags": file.tags,
        "satisfaction": {
            "mean_score": file.mean_score,
            "answers": [_answer(one, numbers.get(one.work_order_id)) for one in file.answers],
        },
        "contacts": [_contact(one, of_contact.get(one.contact_id)) for one in file.contacts],
        "work_orders": [_work_order(one) for one in file.cases],
        "open_callbacks": [
            {
                "callback_id": one.id,
                "kind": one.kind,
                "number": numbers.get(one.work_order_id),
                "due_at": rfc3339(one.due_at),
                "assignee": one.assignee,
            }
            for one in file.open_calls
        ],
    }


def _contact(contact: Customer, number: str | None) -> dict[str, Any]:
    return {
        "contact_id": contact.contact_id,
        "channel": contact.channel,
        "occurred_at": _moment(contact.occurred_at),
        "emotion": contact.emotion,
        "agent_id": contact.agent_id,
        "order_no": contact.order_no,
        "text": contact.text,
        "number": number,
    }


def _work_order(case: Case) -> dict[str, Any]:
    return {
        "work_order_id": case.work_order_id,
        "number": case.number,
        "category": case.category,
        "topic": case.topic,
        "department": case.department,
        "grade": case.grade,
        "status": case.status,
        "cycle": case.cycle,
        "outcome": case.outcome,
        "resolution": case.resolution,
        "tags": case.tags,
        "opened_at": _moment(case.opened_at),
        "ended_at": _moment(case.ended_at),
    }


def _answer(callback: Callback, number: str | None) -> dict[str, Any]:
    return {
        "callback_id": callback.id,
        "kind": callback.kind,
        "number": number,
        "cycle": callback.cycle,
        "outcome": callback.outcome,
        "solved": callback.solved,
        "score": callback.score,
        "satisfaction": callback.satisfaction,
        "speed_satisfied": callback.speed_satisfied,
        "suggestion": callback.suggestion,
        "comment": callback.comment,
        "by": callback.completed_by,
        "at": _moment(callback.completed_at),
    }


def _moment(at: datetime | None) -> str | None:
    return rfc3339(at) if at else None
