"""Builds the plugins that the policy names, with their settings from the policy; and says what is wrong with them, by line.

A process builds what it needs: what another one needs may be missing here. A plugin that cannot be used is an
`UnusableError`, which names it; what follows from that, each kind decides (ADR 0035).
"""

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError

from shared import metrics
from shared.plugins import KINDS, ConfigError, PluginError, Setup, build, config_of, judged, lacking, load
from shared.plugins.errors import UnusableError, UnusablesError
from shared.policy import Fault, Policy, PolicyFileError
from shared.policy.explain import value_faults
from shared.policy.loader import DEFAULT_POLICY
from shared.policy.plugins import PluginsPolicy
from shared.policy.yaml_marks import MarkedYaml, read_yaml
from shared.settings import Settings

Now = Callable[[], datetime]


def real_now() -> datetime:
    """Return the real time, for whoever builds plugins outside a suite."""
    return datetime.now(UTC)


log = structlog.get_logger()

_IN_USE: set[tuple[str, str]] = set()
"""What the metric tells of in this process."""


class Workshop:
    """Builds plugins for one process."""

    def __init__(self, plugins: PluginsPolicy, settings: Settings, now: Now = real_now) -> None:
        self._plugins = plugins
        self._settings = settings
        self._now = now
        self._failed: set[tuple[str, str]] = set()

    def make(self, kind: str, name: str, protocol: Any, setup: type[Setup] = Setup, **more: Any) -> Any:
        """Return the plugin, built from a `setup` with what it has `more`; it has what `protocol` asks for.

        `UnusableError` where it is not installed, does not load, its settings are wrong or its build fails.
        """
        try:
            plugin = load(kind, name)
            config = config_of(plugin, self._plugins.settings_of(kind, name))
            data = Setup.data_of(self._settings, kind, name)
            made = build(plugin, setup(config=config, settings=self._settings, data=data, now=self._now, **more))
        except ConfigError as error:
            raise UnusableError(kind, name, f"{self._line(kind, name)}: {error}") from error
        except PluginError as error:
            raise UnusableError(kind, name, str(error)) from error
        if (missing := lacking(made, protocol)) is not None:
            built, wanted = type(made).__name__, protocol.__name__
            why = f"{wanted}: it lacks {' and '.join(missing)}" if missing else wanted
            raise UnusableError(kind, name, f'the {kind} plugin "{name}" built a {built}, which is no {why}')
        return made

    def use(self, kind: str, name: str, protocol: Any, instead: Callable[[UnusableError], Any], **more: Any) -> Any:
        """Return the plugin as `make` does, or what stands in for it: log and metric name one that cannot be used."""
        try:
            made = self.make(kind, name, protocol, **more)
        except UnusableError as error:
            log.error("plugin cannot be used", kind=kind, plugin=name, why=error.why)  # noqa: TRY400 (a sentence says it)
            metrics.PLUGIN_WORKS.labels(kind, name).set(0)
            made = instead(error)
            self._failed.add((kind, name))
        else:
            metrics.PLUGIN_WORKS.labels(kind, name).set((kind, name) not in self._failed)
        _IN_USE.add((kind, name))
        return made

    def use_all(
        self, kind: str, names: Collection[str], protocol: Any, instead: Callable[[UnusableError], Any], **more: Any
    ) -> dict[str, Any]:
        """Return the plugins of `kind` that this process uses by their names, each as `use` does; no others are told of."""
        self.only(kind, names)
        return {name: self.use(kind, name, protocol, instead, **more) for name in names}

    def judge(self, kind: str, names: Collection[str], protocol: Any, **more: Any) -> None:
        """Return if all of these can be made, as `make` does; `UnusablesError` has every one that cannot."""
        faults: list[UnusableError] = []
        for name in names:
            try:
                self.make(kind, name, protocol, **more)
            except UnusableError as error:
                faults.append(error)
        if faults:
            raise UnusablesError(faults)

    @staticmethod
    def only(kind: str, names: Collection[str]) -> None:
        """Tell of no other plugins of `kind` than `names`: the policy in force does not use them."""
        for one in [one for one in _IN_USE if one[0] == kind and one[1] not in names]:
            _IN_USE.discard(one)
            metrics.PLUGIN_WORKS.remove(*one)

    def _line(self, kind: str, name: str) -> str:
        """Return where in the policy file the plugin is set up."""
        place = ("plugins", KINDS[kind].section, name)
        try:
            marked = read_yaml(self._settings.policy or DEFAULT_POLICY)
        except PolicyFileError:  # somebody is writing it, or has taken it away, since it was read
            return ".".join(place)
        return f"{marked.file}:{marked.line(place)}"


def plugin_faults(file: Path | None, policy: Policy, kinds: Collection[str] = tuple(KINDS)) -> list[Fault]:
    """Return what is wrong with the plugins that the policy of `file` names, each fault with its line.

    A plugin that is not installed or does not load, and settings that its own model refuses.
    """
    marked = read_yaml(file or DEFAULT_POLICY)
    faults = [fault for kind in kinds for fault in _faults(kind, policy, marked)]
    return sorted(faults, key=lambda fault: fault.line or 0)


def _faults(kind: str, policy: Policy, marked: MarkedYaml) -> Iterator[Fault]:
    section = KINDS[kind].section
    for use in policy.plugin_uses:
        if use.kind == kind and use.name not in policy.plugins.named(kind):
            try:
                load(kind, use.name)
            except PluginError as error:
                yield marked.fault(use.place, str(error))
    for name, settings in policy.plugins.named(kind).items():
        place = ("plugins", section, name)
        try:
            plugin = load(kind, name)
        except PluginError as error:
            yield marked.fault(place, str(error))
            continue
        if plugin.config is None:
            if settings:
                yield marked.fault(place, f'the {kind} plugin "{name}" has no settings')
            continue
        try:
            judged(plugin, plugin.config, settings)
        except ValidationError as error:
            yield from value_faults(error, marked, plugin.config, at=place)
        except ConfigError as error:
            yield marked.fault(place, str(error))
