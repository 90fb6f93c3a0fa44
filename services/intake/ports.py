"""What intake accepts from plugins: channels, each of which reads its own raw form of a contact (R-IN-01).

A channel is registered under its name in the entry point group `yingda.channels`, as a `Plugin` whose `build` returns
it when the service starts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from shared.events import AsideKind, Contact, DeliveryReport, Fault
from shared.events.storable import storable as storable


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a contact cannot be read: one sentence, and each fault with its dotted field; no values, they are personal."""

    reason: str
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Aside:
    """A message that is no contact: it is recorded, opens no work order and is never answered (R-NT-07)."""

    kind: AsideKind
    occurred_at: datetime
    reports: tuple[DeliveryReport, ...] = ()
    """What it tells of messages of ours."""


Reading = Contact | Unreadable | Aside


@runtime_checkable
class Channel(Protocol):
    """Reads the contacts of one channel; pure: the same data gives the same reading."""

    name: str
    """The last token of the channel's subject, `[a-z][a-z0-9_]{0,31}`."""

    def read(self, data: Mapping[str, Any]) -> Reading:
        """Return the contact in `data`, the object of the envelope. Never raises, whatever JSON it is."""
        ...
