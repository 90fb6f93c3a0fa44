"""What notify accepts from plugins: transports that carry a message to one channel (R-NT-05).

A transport is registered in the entry point group `yingda.transports` as a `Plugin` whose `build` takes a
`TransportSetup`; which ones are used, and which is the fallback of which, says the policy (`notify.transports`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

from services.notify.domain.outcome import Outcome as Outcome
from services.notify.domain.outcome import Rejected as Rejected
from services.notify.domain.outcome import Retry as Retry
from services.notify.domain.outcome import Sent as Sent
from services.notify.domain.outcome import Unknown as Unknown
from services.notify.domain.wording import VALUES as VALUES
from shared.events import Purpose
from shared.plugins import PluginError, Setup
from shared.values import frozen

BATCHES_AT_ONCE: Final = 4
"""So many batches one transport carries at the same time, so that a slow provider holds up nobody but itself."""


class TransportError(PluginError):
    """The transport cannot be used as it is configured."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a message comes from: a name to show and an address for answers."""

    name: str
    email: str


@frozen
class Message:
    """What one recipient is to read, whatever carries it. `html` is None where there is only text."""

    notification_id: str
    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    sender: Sender
    locale: str
    html: str | None = field(default=None, repr=False)


@frozen
class Outbound:
    """A message on its way: what it is about, and the number of this attempt (from 1)."""

    message: Message
    purpose: Purpose
    audience: str
    attempt: int
    work_order: str | None = None
    """The number of the work order that it is about."""
    also: tuple[str, ...] = ()
    """Ids of further notifications that this message brings: a burst of alerts in one (R-SLA-10)."""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the words were made of, by the names in `VALUES`, each in one line: for providers with templates of their own.

    Empty for a transport with a class attribute `reads_values = False`: they are made for whoever makes use of them.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportSetup(Setup):
    """What a transport is built from: besides what every plugin gets its channel, and how long one attempt may take."""

    channel: str
    wait_seconds: float


@runtime_checkable
class Transport(Protocol):
    """Carries messages over one channel. Used by several tasks at once, at most `BATCHES_AT_ONCE`."""

    name: str
    channel: str
    resend_when_unknown: bool
    """True where a message handed over twice reaches the customer once: the provider itself drops the second."""

    async def send(self, messages: Sequence[Outbound]) -> Sequence[Outcome]:
        """Hand the messages over; one outcome for each, in their order, within 45 seconds.

        `Retry` and `Rejected` are only for what was certainly not taken; whatever may have been is `Unknown`.
        What is raised counts as unknown for all of them.
        """
        ...

    async def sent_before(self, ids: Collection[str]) -> set[str] | None:
        """Return which of the notifications this transport has taken earlier; None where it cannot tell."""
        ...

    async def close(self) -> None:
        """Release what it holds; not used afterwards."""
        ...
