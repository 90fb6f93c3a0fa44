"""The kit: a stranger's plugin comes in by its entry point, or is refused in one sentence that names it."""

import re
import sys
from pathlib import Path

import pytest

from services.intake.ports import Channel
from shared.plugins import (
    GROUPS,
    KINDS,
    Config,
    NoSuchPluginError,
    Plugin,
    PluginError,
    Setup,
    UnusableError,
    VersionError,
    build,
    config_of,
    inspect,
    load,
    plugin_names,
)
from shared.policy.plugins import PluginsPolicy
from shared.settings import Settings
from shared.workshop import Workshop
from tests.plugins import setup
from tests.unit.plugins.stranger import package

FAX = """
class FaxConfig(Config):
    number: str
    token: SecretName = "fax_token"

plugin = Plugin(kind="channel", name="fax", api=1, summary="Faxes", config=FaxConfig,
                build=lambda setup: (setup.config.number, setup.secret(setup.config.token).get_secret_value()))
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def refused(site: Path, module: str, kind: str = "channel", name: str = "fax") -> str:
    package(site, "yingda-fax", {f"yingda.{kind}s:{name}": "plugin"}, module)
    with pytest.raises(PluginError) as caught:
        load(kind, name)
    return str(caught.value)


def test_every_kind_has_its_group_and_its_section_in_the_policy() -> None:
    assert {kind.section for kind in KINDS.values()} == set(PluginsPolicy.model_fields)
    assert set(GROUPS) == set(KINDS)
    assert all(kind.group == f"yingda.{kind.section}" for kind in KINDS.values())


@pytest.mark.slow
def test_every_built_in_plugin_is_one() -> None:
    found = inspect()
    assert {entry.kind for entry in found} >= {"channel", "classifier", "assigner", "transport"}
    assert [entry for entry in found if entry.state != "ok" or not entry.summary] == []


def test_a_strangers_plugin_is_found_configured_and_built(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = package(site, "yingda-fax", {"yingda.channels:fax": "plugin"}, FAX)
    assert "fax" in plugin_names("channel")
    assert module not in sys.modules
    plugin = load("channel", "fax")
    monkeypatch.setenv("YINGDA_SECRET_FAX_TOKEN", "sesame")
    config = config_of(plugin, {"number": "+86 10 5555 0100"})
    made = build(plugin, Setup(config=config, settings=Settings(), data=site, now=setup().now))
    assert made == ("+86 10 5555 0100", "sesame")


def test_a_plugin_of_another_version_is_named_and_refused(site: Path) -> None:
    said = refused(site, 'plugin = Plugin(kind="channel", name="fax", api=7, build=lambda setup: None)')
    assert said == 'the channel plugin "fax" (yingda-fax 1.0) is written for version 7 of its kind; known here: 1'


def test_the_version_is_a_fault_of_its_own_kind(site: Path) -> None:
    package(
        site,
        "yingda-fax",
        {"yingda.channels:fax": "plugin"},
        'plugin = Plugin(kind="channel", name="fax", api=0, build=lambda setup: None)',
    )
    with pytest.raises(VersionError):
        load("channel", "fax")


def test_what_is_not_installed_is_told_with_what_is() -> None:
    with pytest.raises(
        NoSuchPluginError, match=r'there is no assigner plugin "x"; installed are: by_skill, .*round_robin'
    ):
        load("assigner", "x")


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("class plugin: ...", "registers a type where a Plugin belongs"),
        ('plugin = Plugin(kind="transport", name="fax", api=1, build=print)', 'says that it is the transport "fax"'),
        ('plugin = Plugin(kind="channel", name="telex", api=1, build=print)', 'says that it is the channel "telex"'),
        ("import not_there_at_all", "ModuleNotFoundError: No module named 'not_there_at_all'"),
        ("raise RuntimeError('password=sesame')", "does not load: RuntimeError in yingda_fax_0.py line 2"),
        ("raise SystemExit(3)", "does not load: SystemExit in yingda_fax_0.py line 2"),
        ("def (", "does not load: SyntaxError in yingda_fax_0.py line 2"),
        ("other = 1", "does not load: AttributeError"),
        (
            'from pydantic import BaseModel as C\nplugin = Plugin(kind="channel", name="fax", api=1, build=print, config=C)',
            "the config model BaseModel must be frozen and forbid extra keys",
        ),
        (
            'plugin = Plugin(kind="channel", name="fax", api=1, build=print, config=dict)',
            "the config must be a model, a class that derives from shared.plugins.Config",
        ),
        (
            'plugin = Plugin(kind="channel", name="fax", api=1, build=None)',
            "what builds the plugin must be a function of one setup",
        ),
        (
            'plugin = Plugin(kind="channel", name="fax", api="1", build=print)',
            "is written for version '1' of its kind; known here: 1",
        ),
    ],
)
def test_what_is_no_plugin_is_refused_in_one_sentence(site: Path, module: str, said: str) -> None:
    """The text of a stranger's error may hold what is secret; its type and place do not."""
    found = refused(site, module)
    assert found.startswith('the channel plugin "fax" (yingda-fax 1.0) ')
    assert said in re.sub(r"yingda_fax_\d+", "yingda_fax_0", found)
    assert "sesame" not in found
    assert "\n" not in found


def test_two_packages_with_the_same_plugin_are_both_named(site: Path) -> None:
    package(site, "yingda-fax", {"yingda.channels:fax": "plugin"})
    package(site, "other-fax", {"yingda.channels:fax": "plugin"})
    with pytest.raises(PluginError, match="is provided by other-fax and yingda-fax: remove one of them"):
        load("channel", "fax")


def test_a_build_that_fails_tells_its_own_sentence_or_where_it_failed() -> None:
    def clear(_setup: Setup) -> None:
        raise PluginError("the number is missing")

    def secretive(_setup: Setup) -> None:
        raise ValueError("password=sesame")

    with pytest.raises(PluginError, match=r'the channel plugin "fax" cannot work: the number is missing'):
        build(Plugin(kind="channel", name="fax", api=1, build=clear), setup())
    with pytest.raises(PluginError, match=r"cannot be built: ValueError in test_plugin_kit.py line \d+$"):
        build(Plugin(kind="channel", name="fax", api=1, build=secretive), setup())


def test_the_place_of_an_error_says_which_package_it_is_in(site: Path) -> None:
    """Most plugins are one file, and it is called `__init__.py` in all of them."""
    module = package(site, "yingda-fax", {"yingda.channels:fax": "plugin"})
    (site / f"{module}.py").unlink()
    (site / module).mkdir()
    (site / module / "__init__.py").write_text("\n1 / 0\n", encoding="utf-8")
    with pytest.raises(PluginError, match=rf"ZeroDivisionError in {module}/__init__.py line 2$"):
        load("channel", "fax")


def test_settings_that_a_plugin_does_not_have_are_refused() -> None:
    class Settled(Config):
        size: int

    plugin = Plugin(kind="channel", name="fax", api=1, build=print, config=Settled)
    with pytest.raises(PluginError, match=r"are wrong: size: Field required; colour: Extra inputs"):
        config_of(plugin, {"colour": "red"})
    with pytest.raises(PluginError, match=r'the channel plugin "fax" has no settings'):
        config_of(Plugin(kind="channel", name="fax", api=1, build=print), {"colour": "red"})


def test_what_cannot_even_be_looked_at_is_no_plugin_of_its_kind(site: Path) -> None:
    module = """
class Fax:
    def read(self, data): ...
    @property
    def name(self):
        raise KeyError("sesame")

plugin = Plugin(kind="channel", name="fax", api=1, build=lambda setup: Fax())
"""
    package(site, "yingda-fax", {"yingda.channels:fax": "plugin"}, module)
    with pytest.raises(UnusableError, match=r'"fax" built a Fax, which is no Channel: it lacks name$'):
        Workshop(PluginsPolicy(), Settings(data=site)).make("channel", "fax", Channel)
