"""Rate limits per transport, per recipient and per address of a transport, the same for all replicas; what is over them waits (R-NT-05)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.notify.domain.limits import Window
from services.notify.handlers.compose import Addressed, Bundle, Later
from services.notify.store import windows
from shared import metrics
from shared.bus.transaction import Transaction
from shared.policy import Policy
from shared.policy.notify import RateLimit

Rule = tuple[str, tuple[RateLimit, ...], str]
"""The name of a window, its limits, and of what: `transport` or `recipient`."""


class Pace:
    """Lets messages leave in the given order as far as the policy's limits allow."""

    def __init__(self, policy: Policy) -> None:
        self._limits = policy.notify.rate_limits

    async def within(self, tx: Transaction, bundles: Sequence[Bundle]) -> tuple[list[Bundle], dict[str, Later]]:
        """Return the bundles that may leave now, and until when the notifications of the others wait.

        The windows stay locked until the transaction ends: what two replicas claim together is within the limits.
        Most recipients are new, so their windows are written once, full; where another replica wrote one meanwhile,
        all is decided anew with it.
        """
        rules = [self._rules(bundle[0]) for bundle in bundles]
        names = {name for some in rules for name, _, _ in some}
        held = await windows.locked(tx.connection, names)
        while True:
            places = {name: held.get(name, Window()) for name in names}
            ready, waiting = _admitted(bundles, rules, places, tx.now)
            met = await windows.save(tx.connection, held, places, tx.now)
            if not met:
                return ready, waiting
            held = dict.fromkeys(names, Window()) | held | await windows.locked(tx.connection, met)

    def _rules(self, message: Addressed) -> list[Rule]:
        recipient = self._limits.recipients.get("customer" if message.queued.audience == "customer" else "staff", ())
        transport = self._limits.transports.get(message.transport, ())
        address = self._limits.addresses.get(message.transport, ())
        rules: list[Rule] = [
            (f"recipient/{message.fingerprint}", recipient, "recipient"),
            (f"address/{message.transport}/{message.fingerprint}", address, "recipient"),
            (f"transport/{message.transport}", transport, "transport"),
        ]
        return [rule for rule in rules if rule[1]]


def _admitted(
    bundles: Sequence[Bundle], rules: Sequence[Sequence[Rule]], places: dict[str, Window], now: datetime
) -> tuple[list[Bundle], dict[str, Later]]:
    ready: list[Bundle] = []
    waiting: dict[str, Later] = {}
    for bundle, some in zip(bundles, rules, strict=True):
        later = _admit(places, some, now)
        if later is None:
            ready.append(bundle)
        else:
            waiting |= {part.queued.notification_id: later for part in bundle}
    return ready, waiting


def _admit(places: dict[str, Window], rules: Sequence[Rule], now: datetime) -> Later | None:
    """Take a place in every window and return None; where one is full, take none and return when to ask again."""
    free = [(places[name].free_at(some, now), name, some, what) for name, some, what in rules]
    latest = max(free, key=lambda entry: entry[0], default=None)
    if latest is None or latest[0] <= now:
        for name, some, _what in rules:
            places[name] = places[name].take(some, now)
        return None
    _at, name, some, what = latest
    at, places[name] = places[name].book(some, now)
    metrics.NOTIFICATIONS_LIMITED.labels(what).inc()
    return Later(at, f"the limit of its {what}")


def longest(policy: Policy) -> timedelta:
    """Return after what time a departure counts against no limit of the policy any more."""
    rules = policy.notify.rate_limits
    limits = [
        limit
        for some in (*rules.transports.values(), *rules.recipients.values(), *rules.addresses.values())
        for limit in some
    ]
    return max((limit.per.timedelta for limit in limits), default=timedelta())
