"""The transports that the policy names, built from their plugins, each within its guard (ADR 0035)."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from services.notify.ports import Outbound, Outcome, Transport, TransportSetup, Unknown
from shared.plugins import TookTooLongError, UnusableError, UnusablesError
from shared.plugins.guard import Failure, Guard
from shared.plugins.words import told
from shared.policy import Policy
from shared.settings import Settings
from shared.workshop import Workshop

Key = tuple[str, str]
"""The name of a transport and the channel that it carries."""
SEND_SECONDS = 50.0
CLOSE_SECONDS = 3.0

_NONE = Unknown("the transport gave an answer that is none")

log = structlog.get_logger()


class Transports:
    """Every (transport, channel) pair of the policy that can be used."""

    def __init__(self, built: Mapping[Key, Transport]) -> None:
        self._built = dict(built)
        self._guards = {key: Guard("transport", key[0]) for key in built}

    def find(self, name: str, channel: str) -> Transport | None:
        """Return the transport, None where the policy no longer names it or it cannot be used."""
        return self._built.get((name, channel))

    def works(self, name: str, channel: str) -> bool:
        """Return whether the transport can be used, and did not fail again and again lately."""
        guard = self._guards.get((name, channel))
        return guard is not None and not guard.left_alone

    def admits(self, name: str, channel: str) -> bool:
        """Return whether a message may go by it now: one that fails again and again gets a single one now and then."""
        guard = self._guards.get((name, channel))
        return guard is not None and guard.admits()

    def reads_values(self, name: str, channel: str) -> bool:
        """Return whether the transport makes anything of `Outbound.values`; whoever does not say so may."""
        return bool(getattr(self.find(name, channel), "reads_values", True))

    async def send(self, name: str, channel: str, messages: Sequence[Outbound]) -> Sequence[Outcome]:
        """Hand the messages over; one outcome for each, in their order. What nobody can tell is unknown."""
        transport = self.find(name, channel)
        if transport is None:
            return _unknown("the transport is not in use any more", messages)

        def verdict(outcomes: Sequence[Outcome]) -> Failure | None:
            if len(outcomes) != len(messages) or not all(map(_is_one, outcomes)):
                return "wrong"
            return "unknown" if outcomes and all(isinstance(one, Unknown) for one in outcomes) else None

        try:
            outcomes = await self._guards[name, channel].wait(lambda: transport.send(messages), SEND_SECONDS, verdict)
        except TookTooLongError:
            return _unknown("the transport took too long", messages)
        except Exception as error:  # noqa: BLE001 (a stranger's transport may raise anything; nobody knows what it sent)
            log.warning("transport failed", transport=name, why=told(error))
            return _unknown(f"the transport failed: {type(error).__name__}", messages)
        if len(outcomes) != len(messages):
            return _unknown("the transport gave too few answers", messages)
        return [one if _is_one(one) else _NONE for one in outcomes]

    @property
    def names(self) -> set[str]:
        """The names of all transports in use."""
        return {name for name, _channel in self._built}

    async def close(self) -> None:
        """Close all of them; one that fails over it, or takes too long, keeps nobody."""
        closing = (self._guards[key].wait(transport.close, CLOSE_SECONDS) for key, transport in self._built.items())
        await asyncio.gather(*closing, return_exceptions=True)


def build_transports(policy: Policy, settings: Settings, now: Callable[[], datetime]) -> Transports:
    """Return the transports that `policy` names, but for those that cannot be used: log and metric name them.

    What would go by one of them goes by the next of its chain, or waits.
    """
    workshop = Workshop(policy.plugins, settings, now)
    built = {
        (name, channel): workshop.use("transport", name, Transport, _left_out, **_setup(policy, channel))
        for name, channel in _keys(policy)
    }
    workshop.only("transport", policy.plugins_used("transport"))
    return Transports({key: transport for key, transport in built.items() if transport is not None})


def check_transports(policy: Policy, settings: Settings) -> None:
    """Return if every transport that `policy` names can work; `UnusablesError` says which cannot."""
    workshop, faults = Workshop(policy.plugins, settings), list[UnusableError]()
    for name, channel in _keys(policy):
        try:
            workshop.make("transport", name, Transport, **_setup(policy, channel))
        except UnusableError as error:
            faults.append(error)
    if faults:
        raise UnusablesError(faults)


def _keys(policy: Policy) -> list[Key]:
    chains = (chain for audience in policy.notify.transports.values() for chain in audience.items())
    return sorted({(name, channel) for channel, names in chains for name in names})


def _setup(policy: Policy, channel: str) -> Mapping[str, Any]:
    wait = float(policy.notify.max_transport_wait.seconds)
    return {"setup": TransportSetup, "channel": channel, "wait_seconds": wait}


def _left_out(_error: UnusableError) -> None:
    """Put nothing in its place."""


def _is_one(outcome: object) -> bool:
    """Return whether that is an outcome: a stranger's transport may answer with anything."""
    return isinstance(outcome, Outcome)


def _unknown(reason: str, messages: Sequence[Outbound]) -> list[Outcome]:
    return [Unknown(reason)] * len(messages)
