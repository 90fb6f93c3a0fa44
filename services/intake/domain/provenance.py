"""Only what the customer volunteered is recorded; each detail carries its provenance (R-IN-03).

A detail is marked as `shared.events.customer` describes, those among `details` and unknown fields in the same ways.
One without a marking was volunteered. One that is marked otherwise is dropped, and its value is masked wherever else
the contact holds it, the text included: nothing after this may store it. Only where another detail with the same value
is marked as volunteered does the value stay.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from services.intake.domain.redaction import MASK, Redactor, is_contact_detail
from shared.events import Contact
from shared.events.customer import EVERY, Customer, is_marked, markings
from shared.policy import Policy

C = TypeVar("C", bound=Contact)
_Personal = Callable[[str, Any], list[Any]]
"""Says what of a dropped detail, given its name and value, is to be masked elsewhere."""

VOLUNTEERED: Final = "volunteered"
OTHER: Final = "other"
"""The name under which a dropped detail is counted whose own name is nobody's business (R-OB-01)."""

_PLAIN: Final = frozenset({str, int, float, bool, type(None)})
_COMMON: Final = frozenset({"honorific", "type", "tier", "industry"})
"""Details of a customer whose values are ordinary words: masking them would only spoil the text."""
_PERSONAL: Final = frozenset(
    {"name", "phone", "email", "company", "address", "member_no"}
    | {"customer_name", "customer_phone", "contact_name", "contact_phone", "wechat", "qq"}
)


@dataclass(frozen=True, slots=True)
class Screened(Generic[C]):
    """A contact with nothing in it but what was volunteered."""

    contact: C
    provenance: Mapping[str, str]
    """How each detail that was kept came about, by its dotted place (`customer.phone`, `details.order_no`)."""
    dropped: tuple[str, ...]
    """The names of what was dropped, from a closed set; one for each detail."""


def screen(contact: C, policy: Policy) -> Screened[C]:
    """Return `contact` without the details that were not volunteered."""
    sieve = _Sieve(policy.intake.volunteered)
    customer = contact.customer
    told = {name: value for name, value in _items_of(customer).items() if value is not None}
    if not customer.provenance and all(map(_is_plain, (told, contact.details, contact.__pydantic_extra__ or {}))):
        return Screened(contact, {f"customer.{name}": VOLUNTEERED for name in told}, ())
    kept = sieve.mapping(told, customer.provenance, "customer", _personal_of_customer)
    sieve.provenance |= {f"customer.{name}": VOLUNTEERED for name in kept if f"customer.{name}" not in sieve.provenance}
    details = sieve.mapping(contact.details, {}, "details", _personal_elsewhere)
    extra = sieve.mapping(contact.__pydantic_extra__ or {}, {}, "", _personal_elsewhere)
    if not sieve.touched:
        return Screened(contact, sieve.provenance, ())
    clean = Redactor(sieve.removed, but=sieve.volunteered)
    known = {name: getattr(contact, name) for name in type(contact).model_fields}
    changed = {
        "text": clean(contact.text),
        "customer": _unless_masked(kept, clean(kept)) | {"preferences": customer.preferences},
        "details": clean(details),
        "attachments": [clean(one.model_dump()) for one in contact.attachments],
    }
    dropped = tuple(sorted(_label(name, policy.field_names) for name in sieve.dropped))
    return Screened(type(contact).model_validate(known | clean(extra) | changed), sieve.provenance, dropped)


@dataclass(slots=True)
class _Sieve:
    """Walks through details and parts those that were volunteered from the others."""

    accepted: Collection[str]
    provenance: dict[str, str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    removed: list[Any] = field(default_factory=list)
    volunteered: list[Any] = field(default_factory=list)
    touched: bool = False
    """Whether anything is not as it came: a detail dropped, or a marking taken off."""

    def mapping(
        self, values: Mapping[str, Any], marks: Mapping[str, str], place: str, personal: _Personal
    ) -> dict[str, Any]:
        """Return the volunteered part of `values`; `marks` may name those that carry no marking of their own."""
        beside = values.get("provenance")
        own = isinstance(beside, Mapping) and not is_marked(values)
        marks = markings(beside) if own else marks
        self.touched = self.touched or own
        kept: dict[str, Any] = {}
        for name, written in values.items():
            if own and name == "provenance":
                continue
            value, mark = self._unmarked(written, marks.get(name, marks.get(EVERY)))
            where = f"{place}.{name}".lstrip(".")
            if mark is not None and mark.casefold() not in self.accepted:
                self._drop(name, value, personal)
                continue
            if mark is not None:
                self.provenance[where] = mark
                self.volunteered.append(value)
            kept[name] = self._within(value, where, personal)
        return kept

    def _within(self, value: Any, place: str, personal: _Personal) -> Any:
        if isinstance(value, Mapping):
            return self.mapping(value, {}, place, personal)
        if not isinstance(value, list | tuple):
            return value
        kept = []
        for number, written in enumerate(value):
            one, mark = self._unmarked(written, None)
            if mark is not None and mark.casefold() not in self.accepted:
                self._drop(place.rpartition(".")[2], one, personal)
            else:
                self.volunteered += [] if mark is None else [one]
                kept.append(self._within(one, f"{place}.{number}", personal))
        return kept

    def _unmarked(self, written: Any, mark: str | None) -> tuple[Any, str | None]:
        if not is_marked(written):
            return written, mark
        self.touched = True
        return written["value"], markings({"": written["provenance"]}).get("")

    def _drop(self, name: str, value: Any, personal: _Personal) -> None:
        self.touched = True
        self.dropped.append(name)
        self.removed += personal(name, value)


def _items_of(customer: Customer) -> dict[str, Any]:
    items = vars(customer) | (customer.__pydantic_extra__ or {})
    del items["preferences"], items["provenance"]
    return items


def _is_plain(details: Mapping[str, Any]) -> bool:
    """Return whether there is nothing in `details` but words and figures: then none of them can carry a marking."""
    return _PLAIN.issuperset(map(type, details.values()))


def _personal_of_customer(name: str, value: Any) -> list[Any]:
    return [] if name in _COMMON else [value]


def _personal_elsewhere(name: str, value: Any) -> list[Any]:
    return [value] if name in _PERSONAL or is_contact_detail(value) else []


def _unless_masked(details: Mapping[str, Any], masked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `masked` details of a customer without those of which nothing is left: a mask is nobody's number."""
    return {name: value for name, value in masked.items() if value == details[name] or value != MASK[: len(str(value))]}


def _label(name: str, known: Collection[str]) -> str:
    return name if name in Customer.model_fields or name in known else OTHER
