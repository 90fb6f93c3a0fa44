"""Plugins as tests build them: without a policy, each from its manifest."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from services.intake.ports import Channel
from services.notify.ports import TransportSetup
from shared.plugins import Setup, build, config_of, load, plugin_names
from shared.policy import load_policy
from shared.settings import Settings


def _real() -> datetime:
    return datetime.now(UTC)


def setup(settings: Settings | None = None, now: Callable[[], datetime] = _real, **config: Any) -> Setup:
    """Return what a plugin without anything special is built from; `config` only where it takes settings."""
    settings = settings or Settings()
    return Setup(config=config or None, settings=settings, data=settings.data / "plugin", now=now)


def built_in_channels() -> dict[str, Channel]:
    """Return the channels of the default policy."""
    return {name: build(load("channel", name), setup()) for name in load_policy().plugins_used("channel")}


def transport_setup(
    channel: str,
    settings: Settings | None = None,
    now: Callable[[], datetime] = _real,
    wait_seconds: float = 2.0,
    config: Any = None,
) -> TransportSetup:
    """Return what a transport for `channel` is built from."""
    settings = settings or Settings()
    return TransportSetup(
        config=config,
        settings=settings,
        data=settings.data / "plugin",
        now=now,
        channel=channel,
        wait_seconds=wait_seconds,
    )


def installed(kind: str) -> dict[str, Any]:
    """Return every installed plugin of `kind` that needs no settings, built, by its name."""
    plugins = [load(kind, name) for name in plugin_names(kind)]
    return {plugin.name: build(plugin, setup()) for plugin in plugins if config_of(plugin, {}) is None}
