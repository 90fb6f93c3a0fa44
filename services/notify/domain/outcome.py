"""What can come of handing a message to a transport: a closed set that the delivery rules branch on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """The transport has taken the message; `reference` is its own name for it, if it gave one."""

    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """The message was not taken, and the same attempt may succeed later."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The message was not taken and never will be by this transport: a bad address, a refused content.

    `address` is true where nothing will ever reach that address: it is put on the suppression list (R-NT-07).
    """

    reason: str
    address: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can tell whether the message was taken: no answer after it was handed over (R-NT-04)."""

    reason: str


@dataclass(frozen=True, slots=True)
class NeverSent:
    """A claimed message that its transport certainly does not have: the sender died before handing it over."""


Outcome = Sent | Retry | Rejected | Unknown
