"""A look at every plugin that is installed, for `yingda plugins` and the doctor."""

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from shared.plugins.errors import PluginError
from shared.plugins.find import load_point, package_of
from shared.plugins.kinds import KINDS


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One plugin as `yingda plugins` shows it; `api` is None where it does not load."""

    kind: str
    name: str
    package: str
    version: str
    api: int | None
    summary: str
    state: str


def inspect() -> list[PluginInfo]:
    """Return every installed plugin with its package, version and whether it loads; all of them are imported."""
    return [
        _look(kind.name, point)
        for kind in KINDS.values()
        for point in sorted(entry_points(group=kind.group), key=lambda point: point.name)
    ]


def _look(kind: str, point: EntryPoint) -> PluginInfo:
    package, version = package_of(point)
    try:
        plugin = load_point(kind, point)
    except PluginError as error:
        return PluginInfo(kind, point.name, package, version, None, "", str(error))
    return PluginInfo(kind, point.name, package, version, plugin.api, plugin.summary, "ok")
