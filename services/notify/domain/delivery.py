"""What follows from an attempt: sent, another try by this or the next way, or the end (R-NT-04, R-NT-05)."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Literal

from services.notify.domain.outcome import NeverSent, Outcome, Rejected, Sent, Unknown
from shared.policy import Duration
from shared.policy.notify import Retries

State = Literal["queued", "sent", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state that a notification takes; a queued one is due after `pause`, by the transport number `route`.

    `spent` means that its channel is given up: it goes on with the next address.
    """

    state: State
    reason: str | None = None
    route: int = 0
    pause: timedelta = timedelta()
    spent: bool = False


@cache
def taken(route: int) -> Verdict:
    """Return what becomes of a notification that transport `route` has taken."""
    return Verdict("sent", route=route)


def follow(
    outcome: Outcome | NeverSent,
    *,
    tries: int,
    route: int,
    routes: int,
    more: bool,
    resend: bool,
    retries: Retries,
) -> Verdict:
    """Return what becomes of a notification after its try number `tries` (from 1) by transport `route` of `routes`.

    `more` tells whether the recipient has another address. `resend` tells whether a message of unknown fate may be
    sent again: to staff always, to a customer only where the transport itself drops a message that it has already.
    """
    if isinstance(outcome, Sent):
        return taken(route)
    if isinstance(outcome, NeverSent):
        return Verdict("queued", "the sender ended before it was handed over", route)
    pause = retries.pause(tries)
    if isinstance(outcome, Unknown):
        again = resend and pause is not None
        return Verdict("queued" if again else "unknown", outcome.reason, route, _length(pause if again else None))
    rejected = isinstance(outcome, Rejected)
    no_such_address = isinstance(outcome, Rejected) and outcome.address
    if route + 1 < routes and (pause is not None or rejected) and not no_such_address:
        return Verdict("queued", outcome.reason, route + 1)
    if pause is not None and not rejected:
        return Verdict("queued", outcome.reason, 0, pause.timedelta)
    return Verdict("queued", outcome.reason, spent=True) if more else Verdict("failed", outcome.reason, route)


def _length(pause: Duration | None) -> timedelta:
    return pause.timedelta if pause else timedelta()


def fates(ids: Sequence[str], taken: AbstractSet[str] | None) -> list[Outcome | NeverSent]:
    """Return what became of claimed messages whose sender is gone; `taken` is what their transport knows, if it can."""
    if taken is None:
        return [Unknown("the sender ended while it was on its way")] * len(ids)
    return [Sent() if key in taken else NeverSent() for key in ids]
