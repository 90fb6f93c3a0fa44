"""The plugins that are installed, and those that the policy names: what `yingda plugins` and the doctor show.

Only what the policy names is imported; of anything else the package is known and nothing more.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Literal

from shared.plugins import KINDS, PluginError, UnusableError, UnusablesError, config_of, load, plugin_names
from shared.plugins.find import package_of
from shared.policy import Policy
from shared.service import Service
from shared.settings import Settings
from shared.workshop import Workshop

State = Literal["ok", "not configured", "not used", "not installed", "broken"]
"""`not used`: it has settings in the policy, but nothing there names it. `broken`: `why` says what is wrong."""
OUT: tuple[State, ...] = ("not installed", "broken")
"""The states of a plugin that is missed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One plugin. `api` and `summary` are known of those that the policy names and that load."""

    kind: str
    name: str
    state: State
    why: str = ""
    configured: bool = False
    api: int | None = None
    package: str | None = None
    version: str | None = None
    summary: str = ""


def inventory(policy: Policy, settings: Settings, services: Iterable[Service]) -> list[Entry]:
    """Return every plugin by kind and name; `services` say what they cannot build of what they use."""
    unbuilt = {(fault.kind, fault.name): fault.why for fault in _faults(policy, settings, services)}
    return [entry for kind in KINDS for entry in _of_kind(kind, policy, unbuilt)]


def _of_kind(kind: str, policy: Policy, unbuilt: Mapping[tuple[str, str], str]) -> Iterator[Entry]:
    points = {point.name: point for point in entry_points(group=KINDS[kind].group)}
    used, named = set(policy.plugins_used(kind)), policy.plugins.named(kind)
    for name in sorted({*points, *used, *named}):
        yield _entry(kind, name, points.get(name), policy, used=name in used, why=unbuilt.get((kind, name), ""))


def _entry(kind: str, name: str, point: EntryPoint | None, policy: Policy, *, used: bool, why: str) -> Entry:
    configured = used or name in policy.plugins.named(kind)
    if point is None:
        known = ", ".join(plugin_names(kind)) or "none"
        text = f'there is no {kind} plugin "{name}"; installed are: {known}'
        return Entry(kind, name, "not installed" if used else "not used", text, configured=configured)
    package, version = package_of(point)
    if not used:
        state: State = "not used" if configured else "not configured"
        return Entry(kind, name, state, "", configured, None, package, version)
    try:
        plugin = load(kind, name)
    except PluginError as error:
        return Entry(kind, name, "broken", str(error), configured, None, package, version)
    try:
        config_of(plugin, policy.plugins.settings_of(kind, name))
    except PluginError as error:
        why = str(error)
    return Entry(kind, name, "broken" if why else "ok", why, configured, plugin.api, package, version, plugin.summary)


def _faults(policy: Policy, settings: Settings, services: Iterable[Service]) -> Iterator[UnusableError]:
    """Yield what cannot be built, as whoever builds it says."""
    for service in services:
        try:
            if service.accepts is not None:
                service.accepts(policy, settings)
        except UnusablesError as error:
            yield from error.faults
        except UnusableError as error:
            yield error
        except Exception:  # noqa: BLE001, S112 (it has nothing to do with a plugin: `yingda doctor` tells of it)
            continue
    from shared.adapters.setup import AdapterSetup  # noqa: PLC0415 (slow: only where everything is looked at)

    workshop = Workshop(policy.plugins, settings)
    for kind in ("endpoint", "adapter"):
        try:
            workshop.judge(kind, policy.plugins_used(kind), object, setup=AdapterSetup, policy=policy)
        except UnusablesError as error:
            yield from error.faults
