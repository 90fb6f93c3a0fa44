"""Plugins: found by entry points, so that a stranger's comes in through the same door as ours."""

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

GROUPS = {
    "assigner": "yingda.assigners",
    "channel": "yingda.channels",
    "classifier": "yingda.classifiers",
    "transport": "yingda.transports",
}
"""The kinds of plugin and the entry point group of each."""


class PluginError(Exception):
    """The plugin cannot be used."""


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One plugin as `yingda plugins` shows it."""

    kind: str
    name: str
    package: str
    version: str
    state: str


def plugin_names(kind: str) -> tuple[str, ...]:
    """Return the names of the installed plugins of `kind`, sorted."""
    return tuple(sorted(point.name for point in entry_points(group=GROUPS[kind])))


def load_plugin(kind: str, name: str) -> Any:
    """Return what the plugin `name` of `kind` registers, usually its class; `PluginError` says why that fails."""
    points = list(entry_points(group=GROUPS[kind], name=name))
    if not points:
        known = ", ".join(plugin_names(kind)) or "none"
        raise PluginError(f'there is no {kind} plugin "{name}"; installed are: {known}')
    try:
        return points[0].load()
    except Exception as error:
        raise PluginError(f'the {kind} plugin "{name}" ({points[0].value}) does not load: {error}') from error


def load_plugins(kind: str) -> dict[str, Any]:
    """Return every installed plugin of `kind` by its name; one that does not load is left out (see `inspect_plugins`)."""
    found: dict[str, Any] = {}
    for name in plugin_names(kind):
        try:
            found[name] = load_plugin(kind, name)
        except PluginError:
            continue
    return found


def inspect_plugins() -> list[PluginInfo]:
    """Return every installed plugin with its package, version and whether it loads."""
    return [_inspect(kind, point) for kind, group in GROUPS.items() for point in sorted(entry_points(group=group))]


def _inspect(kind: str, point: EntryPoint) -> PluginInfo:
    try:
        point.load()
        state = "ok"
    except Exception as error:  # noqa: BLE001 (a stranger's module may raise anything)
        state = f"does not load: {error}"
    package = point.dist.name if point.dist else "?"
    version = point.dist.version if point.dist else "?"
    return PluginInfo(kind, point.name, package, version, state)
