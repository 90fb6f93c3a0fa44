"""Finding and loading plugins by their entry points, so that a stranger's comes in through the same door as ours."""

from importlib.metadata import EntryPoint, entry_points

from shared.plugins.errors import NoSuchPluginError, PluginError, VersionError
from shared.plugins.kinds import GROUPS, KINDS
from shared.plugins.manifest import Plugin
from shared.plugins.words import told


def plugin_names(kind: str) -> tuple[str, ...]:
    """Return the names of the installed plugins of `kind`, sorted; none of them is imported."""
    return tuple(sorted({point.name for point in entry_points(group=GROUPS[kind])}))


def load(kind: str, name: str) -> Plugin:
    """Return the plugin `name` of `kind`, imported; `PluginError` says in one sentence why it cannot be used."""
    points = list(entry_points(group=GROUPS[kind], name=name))
    if not points:
        known = ", ".join(plugin_names(kind)) or "none"
        raise NoSuchPluginError(f'there is no {kind} plugin "{name}"; installed are: {known}')
    if len(points) > 1:
        packages = " and ".join(sorted(package_of(point)[0] for point in points))
        raise PluginError(f'the {kind} plugin "{name}" is provided by {packages}: remove one of them')
    return load_point(kind, points[0])


def load_point(kind: str, point: EntryPoint) -> Plugin:
    """Return the plugin behind an entry point; `PluginError` as for `load`."""
    where = f'the {kind} plugin "{point.name}" ({" ".join(package_of(point))})'
    try:
        plugin = point.load()
    except PluginError as error:
        raise PluginError(f"{where} does not load: {error}") from error
    except (Exception, SystemExit) as error:
        raise PluginError(f"{where} does not load: {told(error, point.value)}") from error
    if not isinstance(plugin, Plugin):
        raise PluginError(f"{where} registers a {type(plugin).__name__} where a Plugin belongs")
    if (plugin.kind, plugin.name) != (kind, point.name):
        raise PluginError(f'{where} says that it is the {plugin.kind} "{plugin.name}"')
    if plugin.api not in KINDS[kind].apis:
        known = ", ".join(map(str, KINDS[kind].apis))
        raise VersionError(f"{where} is written for version {plugin.api!r} of its kind; known here: {known}")
    return plugin


def package_of(point: EntryPoint) -> tuple[str, str]:
    """Return name and version of the distribution that registers `point`."""
    return (point.dist.name, point.dist.version) if point.dist else ("?", "?")
