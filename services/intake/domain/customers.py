"""Who a customer is: the strongest identifier decides, and nothing is ever merged silently."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["member_no", "handle", "phone", "email"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""The kinds of identifier, the strongest first: a number the platform gave, the customer's id on the channel on which
they write, a telephone, an address. A number or an address may be anybody's who is named; a handle is who wrote."""


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """One normalised way to recognise a customer."""

    kind: Kind
    value: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who stands behind one contact: their identifiers, strongest first, and the id they get if they are new."""

    candidate_id: str
    identifiers: tuple[Identifier, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """Whose contact each one is, in the order of the visitors, and the identifiers that become a customer's."""

    customer_ids: tuple[str, ...]
    claims: Mapping[Identifier, str]


def assign(visitors: Sequence[Visitor], owners: Mapping[Identifier, str]) -> Assignment:
    """Find or name the customer of every visitor, one after another; `owners` are the identifiers known so far.

    The strongest known identifier decides. Identifiers that nobody has become that customer's; one that belongs to
    another customer stays there: two customers are never merged. A visitor without a known identifier is a new
    customer, one without any identifier an anonymous one of their own (R-IN-04). The same input gives the same ids.
    """
    index = dict(owners)
    claims: dict[Identifier, str] = {}
    customer_ids: list[str] = []
    for visitor in visitors:
        known = [index[identifier] for identifier in visitor.identifiers if identifier in index]
        customer_id = known[0] if known else visitor.candidate_id
        for identifier in visitor.identifiers:
            if identifier not in index:
                index[identifier] = claims[identifier] = customer_id
        customer_ids.append(customer_id)
    return Assignment(tuple(customer_ids), claims)
