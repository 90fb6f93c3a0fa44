"""The transports that the policy names, built from their plugins."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

from services.notify.ports import Transport, TransportError, TransportSetup
from shared.plugins import PluginError, build, config_of, load
from shared.policy import Policy
from shared.settings import Settings

Key = tuple[str, str]
"""The name of a transport and the channel that it carries."""


class Transports:
    """Every (transport, channel) pair of the policy, ready to send."""

    def __init__(self, built: Mapping[Key, Transport]) -> None:
        self._built = dict(built)

    def find(self, name: str, channel: str) -> Transport | None:
        """Return the transport, None where the policy no longer names it."""
        return self._built.get((name, channel))

    @property
    def names(self) -> set[str]:
        """The names of all transports in use."""
        return {name for name, _channel in self._built}

    async def close(self) -> None:
        """Close all of them."""
        await asyncio.gather(*(transport.close() for transport in self._built.values()))


def build_transports(policy: Policy, settings: Settings, now: Callable[[], datetime]) -> Transports:
    """Return the transports that `policy` names; `TransportError` says in one sentence which of them cannot work."""
    chains = (chain for audience in policy.notify.transports.values() for chain in audience.items())
    keys = {(name, channel) for channel, names in chains for name in names}
    wait = float(policy.notify.max_transport_wait.seconds)
    built: dict[Key, Transport] = {}
    for name, channel in sorted(keys):
        try:
            plugin = load("transport", name)
            setup = TransportSetup(
                config=config_of(plugin, {}),
                settings=settings,
                data=TransportSetup.data_of(settings, "transport", name),
                now=now,
                channel=channel,
                wait_seconds=wait,
            )
            built[name, channel] = build(plugin, setup)
        except PluginError as error:
            raise TransportError(f"the policy names a transport that cannot be used: {error}") from error
    return Transports(built)
