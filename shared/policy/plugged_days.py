"""The days of calendars that a plugin gives: they join the plain data of a policy file as sets of holidays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from shared.policy.calendars import CalendarPlugin
from shared.policy.explain import explain
from shared.policy.yaml_marks import Location, MarkedYaml

if TYPE_CHECKING:
    from shared.plugins import Plugin


def join_plugged_days(data: dict[str, Any], marked: MarkedYaml, beside: Path) -> None:
    """Put what each calendar's plugin says into a set of holidays named like the calendar; faults go to `marked`.

    Parts of the wrong shape are left for the models.
    """
    sets = data.get("holidays")
    if not isinstance(sets, dict):
        return
    plugins = data.get("plugins")
    general = plugins.get("calendars") if isinstance(plugins, Mapping) else None
    for name, spec, wanted in _plugged(data["calendars"], general if isinstance(general, Mapping) else {}):
        here: Location = ("calendars", name, "plugin")
        if spec.get("holidays") is not None:
            marked.faults.append(
                marked.fault(here, "a calendar takes its days from `holidays` or from a plugin, not both")
            )
        elif name in sets:
            marked.faults.append(marked.fault(here, f'there is a set of holidays "{name}" already'))
        else:
            data["calendars"][name] = {**spec, "holidays": name}
            sets[name] = _asked(wanted, here, marked, beside)


def _plugged(
    calendars: Mapping[str, Any], general: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any], CalendarPlugin]]:
    """Yield the calendars that name a plugin; without settings of its own one takes those of `plugins.calendars`."""
    for name, spec in list(calendars.items()):
        written = spec.get("plugin") if isinstance(spec, Mapping) else None
        if isinstance(written, Mapping):
            try:
                wanted = CalendarPlugin.model_validate(
                    {"config": general.get(str(written.get("name"))) or {}} | dict(written)
                )
            except ValidationError:
                continue
            yield name, spec, wanted


def _asked(wanted: CalendarPlugin, here: Location, marked: MarkedYaml, beside: Path) -> Any:
    """Return the plugin's days; with a fault noted, an empty set."""
    # Where no calendar names a plugin, what plugins are made of is not even imported.
    from shared.calendar_plugins import days_of, plugin_named  # noqa: PLC0415
    from shared.plugins import PluginError, config_of  # noqa: PLC0415

    nothing: dict[str, Any] = {"source": "", "years": {}}
    try:
        plugin = plugin_named(wanted.name)
        if faults := list(_config_faults(plugin, wanted, here, marked)):
            marked.faults += faults
            return nothing
        return days_of(plugin, wanted, config_of(plugin, wanted.config), beside)
    except PluginError as error:
        marked.faults.append(marked.fault(here, str(error)))
        return nothing


def _config_faults(plugin: Plugin, wanted: CalendarPlugin, here: Location, marked: MarkedYaml) -> Iterator[Any]:
    """Yield what the plugin's own model has against the settings, each at its line."""
    from shared.plugins import judged  # noqa: PLC0415 (as above)

    if plugin.config is None:
        return
    try:
        judged(plugin, plugin.config, wanted.config)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            location = tuple(detail["loc"])
            yield marked.fault((*here, "config", *location), explain(detail, location, plugin.config))
