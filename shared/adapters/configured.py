"""The adapters and endpoints that the policy names, and the channels that each publishes to."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from shared.adapters.adapter import Adapter
from shared.adapters.endpoint import Endpoint
from shared.adapters.out_of_order import OutOfOrder
from shared.adapters.setup import AdapterSetup
from shared.plugins import PluginError, config_of, load
from shared.policy import Policy
from shared.policy.adapters import GATEWAY as GATEWAY
from shared.policy.adapters import adapter_names as adapter_names
from shared.settings import Settings
from shared.workshop import Workshop


def build_adapter(name: str, settings: Settings, policy: Policy, now: Callable[[], datetime]) -> Adapter:
    """Return the adapter `name`; `PluginError` in one sentence where it cannot be built, or the policy names none such."""
    if name not in adapter_names(policy):
        known = ", ".join(adapter_names(policy)) or "none"
        raise PluginError(f'the policy names no adapter "{name}" under plugins.adapters; it names {known}')
    workshop = Workshop(policy.plugins, settings, now)
    adapter: Adapter = workshop.make("adapter", name, Adapter, setup=AdapterSetup, policy=policy)
    return adapter


def build_endpoints(setup: AdapterSetup) -> dict[str, Endpoint]:
    """Return every endpoint that the policy names, by name; one that cannot be used answers 503 in its place."""
    workshop = Workshop(setup.policy.plugins, setup.settings, setup.now)
    named = setup.policy.plugins_used("endpoint")
    return workshop.use_all("endpoint", named, Endpoint, OutOfOrder, setup=AdapterSetup, policy=setup.policy)


def channels_of(adapter: str, policy: Policy) -> tuple[str, ...]:
    """Return the channels that the adapter publishes to as it is configured, without building it; the gateway: its endpoints'.

    They follow from the config: its `channels`, else its `channel`, else the name of the plugin.
    """
    return tuple(sorted({channel for name, config in _configs(adapter, policy) for channel in _channels(name, config)}))


def subjects_of(adapter: str, policy: Policy) -> tuple[str, ...]:
    """Return what the adapter publishes to on NATS besides contacts and files: the `subjects` of its config."""
    return tuple(sorted({one for _, config in _configs(adapter, policy) for one in getattr(config, "subjects", ())}))


def _configs(adapter: str, policy: Policy) -> list[tuple[str, Any]]:
    """Return the name and config of what runs in the process: the adapter itself, in the gateway every endpoint."""
    kind = "endpoint" if adapter == GATEWAY else "adapter"
    names = sorted(policy.plugins.named("endpoint")) if adapter == GATEWAY else [adapter]
    return [(name, config_of(load(kind, name), policy.plugins.settings_of(kind, name))) for name in names]


def _channels(name: str, config: Any) -> tuple[str, ...]:
    channels = getattr(config, "channels", None)
    return tuple(channels) if channels is not None else (getattr(config, "channel", name),)
