"""What every plugin promises, of whatever kind: its manifest, its settings, its secrets, its place."""

import ast
import inspect
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar, Final

import pytest
from hypothesis import HealthCheck, settings
from pydantic import SecretBytes, SecretStr

from shared.plugins import (
    GROUPS,
    KINDS,
    ConfigError,
    MissingSecretError,
    Plugin,
    PluginError,
    Setup,
    build,
    config_of,
    lacking,
    plugin_names,
)
from shared.settings import Settings

PLAIN: Final = settings(
    max_examples=min(settings().max_examples, 50),
    deadline=None,
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
"""How hypothesis tries in the suites: fifty examples, or fewer if your profile says so."""

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_LONGEST_SUMMARY: Final = 100
_OWN_DOORS: Final = ("ports", "plugins", "adapters")
_NOW: Final = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)


class PluginContract:
    """What all suites share. Subclass the suite of your kind, as `Test…`, and give at least `plugin`."""

    kind: ClassVar[str]
    plugin: ClassVar[Plugin]
    config: ClassVar[Mapping[str, Any]] = {}
    """Its settings, as the policy file would give them."""
    secrets: ClassVar[Mapping[str, str]] = {}
    """The secrets that those settings name, each with a value that stands nowhere else (eight characters or more)."""
    environment: ClassVar[Mapping[str, Any]] = {}
    """What of `shared.settings.Settings` it is built from besides; most plugins need nothing there."""
    folder: ClassVar[Path | None] = None
    """Where `setup.data` is; a temporary directory of each test, unless you say otherwise."""

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> Iterator[None]:
        type(self).folder = tmp_path
        yield
        type(self).folder = None

    def configured(self, config: Mapping[str, Any] | None = None) -> Any:
        """Return what the plugin builds with `config`, else with its own."""
        return build(self.plugin, self.setup(self.config if config is None else config))

    def setup(self, config: Mapping[str, Any], secrets: Mapping[str, str] | None = None) -> Setup:
        """Return the setup that the plugin is built from; a kind whose setup has more gives more."""
        return Setup(**self.setup_values(config, secrets))

    def setup_values(self, config: Mapping[str, Any], secrets: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return what every setup is made of."""
        known = self.secrets if secrets is None else secrets
        folder = self.folder or Path(tempfile.gettempdir())

        def secret(name: str) -> SecretStr:
            if name not in known:
                raise MissingSecretError(f'there is no secret "{name}"')
            return SecretStr(known[name])

        return {
            "config": config_of(self.plugin, config),
            "settings": self._settings(folder),
            "data": folder / "plugins" / self.plugin.kind / self.plugin.name,
            "now": lambda: _NOW,
            "secrets": secret,
        }

    def _settings(self, folder: Path) -> Settings:
        """Return the settings, the same for all that one test builds: reading the environment takes its time."""
        kept: Settings | None = self.__dict__.get("_kept_settings")
        if kept is None or kept.data != folder:
            kept = Settings(**{"data": folder} | dict(self.environment))
            self.__dict__["_kept_settings"] = kept
        return kept

    def typed(self, protocol: type) -> Any:
        """Return what the plugin builds, which must have all that `protocol` asks for."""
        return self.fitting(self.configured(), protocol)

    @staticmethod
    def fitting(built: Any, protocol: type) -> Any:
        """Return what was built, which must have all that `protocol` asks for."""
        missing = lacking(built, protocol)
        assert missing is None, f"{type(built).__name__} is no {protocol.__name__}: it lacks {' and '.join(missing)}"
        return built

    def test_its_manifest(self) -> None:
        """Kind and version are known, the name is one, and the summary is a line that somebody can read."""
        plugin = self.plugin
        assert isinstance(plugin, Plugin), "say in `plugin` which Plugin is under test"
        assert plugin.kind == self.kind, f"a plugin of kind {plugin.kind} in the suite of kind {self.kind}"
        assert plugin.api in KINDS[self.kind].apis, f"version {plugin.api} of {self.kind} is not known here"
        assert NAME.fullmatch(plugin.name), f"{plugin.name!r} is no name: a-z, then a-z, 0-9 and _, at most 32"
        summary = plugin.summary
        assert summary.strip() == summary != "", "the manifest has no summary"
        assert summary.isprintable(), "the summary is one line"
        assert len(summary) <= _LONGEST_SUMMARY, f"the summary has more than {_LONGEST_SUMMARY} characters"

    def test_it_is_registered(self) -> None:
        """An installed package names it in the entry point group of its kind: that is how the policy finds it."""
        group, name = GROUPS[self.kind], self.plugin.name
        points = list(entry_points(group=group, name=name))
        assert points, f'no installed package registers "{name}" in the entry point group {group}'
        assert len(points) == 1, f'"{name}" is registered by {len(points)} packages'
        assert points[0].load() == self.plugin, f'"{name}" in {group} is another plugin than the one under test'
        assert name in plugin_names(self.kind)

    def test_it_builds(self) -> None:
        """From its own settings; what it builds is called as the manifest says, where the Protocol asks for a name."""
        assert self._name_of(self.configured()) == self.plugin.name

    def test_its_settings_are_checked(self) -> None:
        """Frozen, a misspelt key is a fault, every field is explained, and a secret is given by its name."""
        model = self.plugin.config
        with pytest.raises(ConfigError):
            config_of(self.plugin, {**self.config, "no_such_setting": 1})
        if model is None:
            assert not self.config, "settings for a plugin that has no config model"
            return
        assert model.model_config.get("frozen") is True, "the config model is not frozen"
        for name, field in model.model_fields.items():
            assert field.description, f"the setting {name} is not explained: say below it what it is for"
            kept = field.annotation in {SecretStr, SecretBytes}
            assert not kept, f"{name} holds a secret; let it hold the secret's name, and ask setup.secret(…)"

    def test_a_missing_secret_is_told_in_a_sentence(self) -> None:
        """Where its settings name secrets, it does not begin to work without them."""
        if not self.secrets:
            return
        with pytest.raises(PluginError) as raised:
            build(self.plugin, self.setup(self.config, {}))
        self.says_one_sentence(str(raised.value))

    def test_its_secrets_stay_its_own(self) -> None:
        """They do not stand in its settings, nor in what is printed of it."""
        self.holds_no_secret(repr(dict(self.config)))
        built = self.configured()
        self.holds_no_secret(f"{built!r} {built} {self.plugin!r}")

    def test_it_keeps_to_its_ports(self) -> None:
        """It imports no service but by the ports of its own kind, so that it survives what changes inside."""
        module = self.plugin.build.__module__
        home = ".".join(module.split(".")[:2])  # a built-in one's own service, if it is one
        owns = {KINDS[self.kind].protocol.partition(":")[0].rpartition(".")[0], home}
        doors = [f"{own}.{door}" for own in owns for door in _OWN_DOORS]
        for importer, name in _imported(module):
            if name.startswith("services."):
                fine = any(name == door or name.startswith(f"{door}.") for door in doors)
                assert fine, f"{importer} imports {name}"

    def says_one_sentence(self, told: str) -> None:
        """Fail where `told` is not one line that a person can read, or holds a secret."""
        assert told.strip() == told != "", "an error without a message"
        assert "\n" not in told, f"more than one line: {told!r}"
        assert len(told.split()) > 1, f"no sentence: {told!r}"
        self.holds_no_secret(told)

    def holds_no_secret(self, told: str) -> None:
        """Fail where one of the secrets stands in `told`."""
        for name, value in self.secrets.items():
            assert value not in told, f"the secret {name} stands in the clear"

    def _name_of(self, built: object) -> str:
        return getattr(built, "name", self.plugin.name)


@cache
def _imported(module: str) -> tuple[tuple[str, str], ...]:
    """Return what a module, and the others of its package that it is made of, import: pairs of who and what."""
    found = []
    package = module.rpartition(".")[0] or module
    siblings = {module} | {name for name in sys.modules if name == package or name.startswith(f"{package}.")}
    for name in sorted(siblings if not package.startswith("services.") else {module}):
        source = inspect.getsourcefile(sys.modules[name]) if name in sys.modules else None
        if source is None:
            continue
        for node in ast.walk(ast.parse(Path(source).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found += [(name, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.append((name, node.module))
    return tuple(found)
