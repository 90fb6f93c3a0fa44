"""What is known of who a customer is, kept as keyed fingerprints: enough to compare with, not to read (R-IN-05)."""

import hmac
import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from services.routing.domain.matter import Matter
from services.routing.domain.register_parties import ANONYMOUS
from services.routing.domain.script import plain

Identifier = Literal["phone", "order_no", "member_no"]
Kind = Literal["name", "phone", "order_no", "member_no"]

IDENTIFIERS: Final[tuple[Identifier, ...]] = ("phone", "order_no", "member_no")
KINDS: Final[tuple[Kind, ...]] = ("name", *IDENTIFIERS)
_DETAILS: Final[Mapping[Kind, tuple[str, ...]]] = {
    "name": ("customer_name", "contact_name"),
    "phone": ("customer_phone", "contact_phone"),
    "order_no": ("order_no",),
    "member_no": ("member_no",),
}
"""Where else than in the customer's own fields a channel may register them."""
_BYTES: Final = 16
_COUNTRY: Final = re.compile(r"^(?:\+|00)86|^86(?=1\d{10}$)")


@dataclass(frozen=True, slots=True)
class Known:
    """One fingerprint that is known of a customer; `by_staff` where a colleague recorded it and not the customer."""

    kind: Kind
    fingerprint: str
    by_staff: bool


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Makes fingerprints with one key; who has not the key cannot try numbers against them."""

    key: bytes = field(repr=False)
    _keyed: hmac.HMAC = field(init=False, repr=False, compare=False)
    """The hash with the key in it, of which each fingerprint takes a copy: half the time of one from the beginning."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_keyed", hmac.new(self.key, digestmod="sha256"))

    def of(self, customer_id: str, kind: Kind, value: str) -> str | None:
        """Return the fingerprint of `value`, the same however it is written; None where it says nothing.

        It belongs to the customer, so that equal names of two customers do not show.
        """
        normal = normalised(kind, value)
        if not normal:
            return None
        seal = self._keyed.copy()
        seal.update(f"{customer_id}\0{kind}\0{normal}".encode())
        return seal.digest()[:_BYTES].hex()

    def known(self, customer_id: str, matter: Matter, *, by_staff: Container[Kind]) -> tuple[Known, ...]:
        """Return what `matter` lets us know of its customer, each once; 匿名客户 is no name (R-IN-04).

        `by_staff` are the kinds that a colleague recorded.
        """
        found = {
            (kind, fingerprint): None
            for kind, value in _told(matter)
            if (fingerprint := self.of(customer_id, kind, value)) is not None
        }
        return tuple(Known(kind, fingerprint, kind in by_staff) for kind, fingerprint in found)


def kinds_of(fields: Iterable[str]) -> frozenset[Kind]:
    """Return the kinds that fields of these names tell, be they the customer's own or details."""
    names = set(fields)
    return frozenset(kind for kind, details in _DETAILS.items() if names & {kind, *details})


@dataclass(frozen=True, slots=True)
class Identity:
    """What an answer is compared with, and how many wrong ones there were about this customer lately."""

    fingerprints: Fingerprints
    known: tuple[Known, ...]
    wrong_answers: int


def normalised(kind: Kind, value: str) -> str:
    """Return `value` as it is compared: without blanks, +86 and the difference of upper and lower case."""
    text = "".join(plain(value).casefold().split())
    if kind == "name":
        bare = "".join(char for char in text if not unicodedata.category(char).startswith(("P", "S")))
        return "" if bare == ANONYMOUS else bare
    if kind == "phone":
        digits = _COUNTRY.sub("", re.sub(r"[^\d+]", "", text))
        return digits.replace("+", "")
    return text.replace("-", "")


def identities_known(known: Iterable[Known]) -> dict[Kind, frozenset[str]]:
    """Return the fingerprints that count, by kind; `known` are in the order in which they came to be known.

    Whoever writes in names any name they like, and a phone number makes them this customer: a name told by a customer
    counts only where none was known before. What a colleague recorded always counts.
    """
    counting: dict[Kind, set[str]] = {}
    for one in known:
        names = counting.setdefault(one.kind, set())
        if one.kind != "name" or one.by_staff or not names:
            names.add(one.fingerprint)
    return {kind: frozenset(fingerprints) for kind, fingerprints in counting.items()}


def _told(matter: Matter) -> Iterator[tuple[Kind, str]]:
    own: tuple[tuple[Kind, str | None], ...] = (
        ("name", matter.customer_name),
        ("phone", matter.customer_phone),
        ("order_no", None),
        ("member_no", matter.member_no),
    )
    for kind, value in own:
        if value:
            yield kind, value
        for name in _DETAILS[kind] if matter.details else ():
            if given := matter.details.get(name):
                yield kind, given
