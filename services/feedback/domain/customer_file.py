"""The customer's file 客户档案: who they are and what they prefer, read from all their contacts (R-FB-08).

The latest word wins: of each fact the last contact that told it. What a contact leaves open takes nothing away.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from services.feedback.domain.callback import Callback
from services.feedback.domain.case import Case
from services.feedback.domain.customer import Customer

_FACTS: Final = (
    "name",
    "honorific",
    "phone",
    "email",
    "company",
    "address",
    "member_no",
    "customer_type",
    "tier",
    "preferred_channel",
)


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """Everything about one customer in one place; the newest first in each list."""

    person: Customer
    """The customer as known now; its contact is the last one."""
    contacts: Sequence[Customer]
    cases: Sequence[Case]
    answers: Sequence[Callback]
    """What the customer said in callbacks and surveys, and calls that found nobody."""
    open_calls: Sequence[Callback]

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of all the customer's work orders (R-RT-11)."""
        return tuple(dict.fromkeys(tag for case in self.cases for tag in case.tags))

    @property
    def mean_score(self) -> float | None:
        """The mean of the scores that the customer gave; None where they gave none."""
        scores = [answer.score for answer in self.answers if answer.score is not None]
        return round(sum(scores) / len(scores), 1) if scores else None


def person_of(contacts: Sequence[Customer]) -> Customer:
    """Return the customer as the contacts tell, the newest first; there is at least one."""
    newest = contacts[0]
    facts: dict[str, Any] = {name: _last(getattr(contact, name) for contact in contacts) for name in _FACTS}
    return replace(newest, **facts, plain_language=any(contact.plain_language for contact in contacts))


def _last(told: Iterable[Any]) -> Any:
    return next((value for value in told if value), None)
