"""The section `plugins` of the policy: settings judged by the plugin's own model, faults with their lines, nothing imported for naught."""

import sys
from pathlib import Path

import pytest

from shared.inventory import Entry, inventory
from shared.plugins import UnusableError
from shared.policy import Policy, PolicyFileError, load_policy
from shared.policy.earlier import earlier_policy
from shared.policy.loader import DEFAULT_POLICY
from shared.policy.plugins import BUILT_IN_CHANNELS
from shared.service import find_service
from shared.settings import Settings
from shared.workshop import Workshop, plugin_faults
from tests.unit.plugins.stranger import package

MODULE = """
from pydantic import Field

class Line(Config):
    number: str = Field(min_length=3)

class FaxConfig(Config):
    lines: tuple[Line, ...]
    token: SecretName = "fax_token"
    size: int = Field(default=1, ge=1)

fax = Plugin(kind="channel", name="fax", api=1, summary="Faxes", build=lambda setup: setup.secret(setup.config.token), config=FaxConfig)
"""
FAX = """\
    fax:
      lines:
        - number: "010"
        - number: 1
          colour: red
      size: 0
      token: "S3cr3t Sesame"
      tokn: fax_token
"""


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Install a fax, and a trap that nobody may import; return the module of the trap."""
    package(tmp_path, "yingda-fax", {"yingda.channels:fax": "fax"}, MODULE)
    module = package(
        tmp_path, "trap", {"yingda.channels:trap": "x", "yingda.transports:trap": "x"}, "raise SystemExit(3)"
    )
    monkeypatch.syspath_prepend(tmp_path)
    return module


def written(folder: Path, *changes: tuple[str, str]) -> Path:
    """Write the default policy with `changes`, and return its file."""
    text = DEFAULT_POLICY.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file = folder / "policy.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def faults_of(file: Path) -> list[str]:
    """Return what is wrong with the plugins, each with the text of its line in place of the number."""
    lines = file.read_text(encoding="utf-8").splitlines()
    found = plugin_faults(file, load_policy(file))
    return [
        f"{lines[(fault.line or 1) - 1].partition('#')[0].strip()} | {fault.path}: {fault.message}" for fault in found
    ]


def test_the_default_policy_names_the_eight_channels_and_nothing_else() -> None:
    plugins = load_policy().plugins
    assert set(plugins.channels) == set(BUILT_IN_CHANNELS)
    assert len(BUILT_IN_CHANNELS) == 8
    assert load_policy().plugins_used("channel") == tuple(sorted(BUILT_IN_CHANNELS))
    assert load_policy().plugins_used("adapter") == load_policy().plugins_used("endpoint") == ()
    assert load_policy().plugins_used("transport") == ("file",)
    assert plugin_faults(None, load_policy()) == []


def test_a_policy_of_before_has_the_eight_channels() -> None:
    plain = {key: value for key, value in load_policy().plain.items() if key != "plugins"}
    assert Policy.model_validate(plain).plugins_used("channel") == load_policy().plugins_used("channel")
    earlier = earlier_policy(plain, load_policy())
    assert earlier is not None
    assert earlier.plugins == load_policy().plugins


def test_settings_are_judged_by_the_plugins_own_model_with_their_lines(tmp_path: Path, trap: str) -> None:
    file = written(tmp_path, ("    web: {}\n", "    web: {}\n" + FAX))
    assert faults_of(file) == [
        '- number: 1 | plugins.channels.fax.lines.1.number: 1 is not text; put it in quotes: "1"',
        "colour: red | plugins.channels.fax.lines.1.colour: no such key is known here",
        "size: 0 | plugins.channels.fax.size: 0 is out of range: it should be greater than or equal to 1",
        'token: "S3cr3t Sesame" | plugins.channels.fax.token: holds the name of a secret (a-z, 0-9 and _), never the secret itself',
        'tokn: fax_token | plugins.channels.fax.tokn: no such key is known here (did you mean "token"?)',
    ]
    assert trap not in sys.modules


def test_what_is_not_installed_or_has_no_settings_is_told_where_it_is_named(tmp_path: Path, trap: str) -> None:
    file = written(
        tmp_path,
        ("    web: {}\n", "    web: {colour: red}\n    telex:\n"),
        ("plugin: rules", "plugin: oracle"),
        ("sms: [file]", "sms: [file, pigeon]"),
    )
    found = faults_of(file)
    assert [fault.partition(";")[0] for fault in found] == [
        'web: {colour: red} | plugins.channels.web: the channel plugin "web" has no settings',
        'telex: | plugins.channels.telex: there is no channel plugin "telex"',
        'plugin: oracle | routing.classifier.plugin: there is no classifier plugin "oracle"',
        'sms: [file, pigeon] | notify.transports.customer.sms.1: there is no transport plugin "pigeon"',
    ]
    assert trap not in sys.modules


JUDGES = """
from pydantic import field_validator

class FaxConfig(Config):
    area: str

    @field_validator("area")
    @classmethod
    def known(cls, area: str) -> str:
        return {"010": "S3cr3t"}[area]

fax = Plugin(kind="channel", name="fax", api=1, build=lambda setup: setup, config=FaxConfig)
"""


def test_a_model_that_fails_over_its_settings_is_a_fault_with_a_line_and_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what a validator raises, pydantic makes a fault of `ValueError` and `AssertionError` only."""
    package(tmp_path, "yingda-fax", {"yingda.channels:fax": "fax"}, JUDGES)
    monkeypatch.syspath_prepend(tmp_path)
    file = written(tmp_path, ("    web: {}\n", '    web: {}\n    fax: {area: "021"}\n'))
    (fault,) = faults_of(file)
    assert fault.startswith(
        'fax: {area: "021"} | plugins.channels.fax: the settings of the channel plugin "fax" cannot be judged: KeyError'
    )
    policy = load_policy(file)
    with pytest.raises(UnusableError, match="cannot be judged: KeyError in "):
        Workshop(policy.plugins, Settings(policy=file, data=tmp_path)).make("channel", "fax", object)


def test_settings_that_are_wrong_are_told_where_the_file_is_gone_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path, "yingda-fax", {"yingda.channels:fax": "fax"}, MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    file = written(tmp_path, ("    web: {}\n", "    web: {}\n    fax: {size: 0}\n"))
    workshop = Workshop(load_policy(file).plugins, Settings(policy=file, data=tmp_path))
    with pytest.raises(UnusableError, match=r"^policy.yaml:\d+: the settings of the channel plugin"):
        workshop.make("channel", "fax", object)
    file.unlink()
    with pytest.raises(UnusableError, match=r"^plugins.channels.fax: the settings of the channel plugin"):
        workshop.make("channel", "fax", object)


SAYS = """
from pydantic import field_validator
from pydantic_core import PydanticCustomError

class FaxConfig(Config):
    area: str

    @field_validator("area")
    @classmethod
    def known(cls, area: str) -> str:
        raise PydanticCustomError("area", "{value} is no {message}", {"value": area, "message": "area code"})

fax = Plugin(kind="channel", name="fax", api=1, build=lambda setup: setup, config=FaxConfig)
"""


def test_a_fault_in_a_models_own_words_is_a_fault_with_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path, "yingda-fax", {"yingda.channels:fax": "fax"}, SAYS)
    monkeypatch.syspath_prepend(tmp_path)
    file = written(tmp_path, ("    web: {}\n", '    web: {}\n    fax: {area: "021"}\n'))
    (fault,) = faults_of(file)
    assert fault.startswith('fax: {area: "021"} | plugins.channels.fax.area: ')
    assert "021 is no area code" in fault


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("  channel: {web: {}}\n", 'plugins.channel: no such key is known here (did you mean "channels"?)'),
        ("  adapters: [imap]\n", "plugins.adapters: "),
        ("  adapters: {imap: yes}\n", "plugins.adapters.imap: "),
        ('  adapters: {"../x": {}}\n', "cannot be a name here"),
    ],
)
def test_the_section_itself_has_its_form(tmp_path: Path, section: str, said: str) -> None:
    with pytest.raises(PolicyFileError) as refused:
        load_policy(written(tmp_path, ("\nplugins:\n", f"\nplugins:\n{section}")))
    assert said in str(refused.value)


@pytest.mark.slow
def test_a_policy_may_name_what_only_another_process_needs(tmp_path: Path) -> None:
    """Reading it asks no plugin anything: routing does not need the library of an adapter."""
    policy = load_policy(written(tmp_path, ("\nplugins:\n", "\nplugins:\n  adapters: {carrier_pigeon: {coop: 7}}\n")))
    assert policy.plugins.settings_of("adapter", "carrier_pigeon") == {"coop": 7}
    for name in ("intake", "routing", "notify"):
        accepts = find_service(name).accepts
        assert accepts is not None
        accepts(policy, Settings(data=tmp_path))


def entries(policy: Policy, *services: str) -> dict[tuple[str, str], Entry]:
    found = inventory(policy, Settings(), [find_service(name) for name in services])
    return {(entry.kind, entry.name): entry for entry in found}


@pytest.mark.slow
def test_the_inventory_tells_what_is_used_what_is_not_and_why_not(tmp_path: Path, trap: str) -> None:
    file = written(
        tmp_path,
        ("    web: {}\n", "    fax: {lines: []}\n    telex:\n"),
        ("\nplugins:\n", "\nplugins:\n  endpoints: {web_chat: {colour: red}}\n  transports: {trap: {}}\n"),
        ("sms: [file]", "sms: [smtp, file]"),
    )
    found = entries(load_policy(file), "intake", "routing", "notify")
    assert found["channel", "app"] == Entry(
        "channel", "app", "ok", "", True, 1, "yingda", "0.1.0", "The form in the customer app"
    )
    assert found["channel", "web"].state == "not configured"
    assert found["channel", "trap"].state == "not configured"
    assert found["transport", "trap"].state == "not used"
    assert found["transport", "trap"].configured
    assert found["channel", "telex"].state == "not installed"
    assert found["channel", "telex"].package is None
    assert found["channel", "fax"].state == "broken"
    assert 'there is no secret "fax_token"' in found["channel", "fax"].why
    assert found["transport", "smtp"].state == "broken"
    assert 'the transport plugin "smtp" cannot work: ' in found["transport", "smtp"].why
    assert found["endpoint", "web_chat"].state == "broken"
    assert "colour" in found["endpoint", "web_chat"].why
    assert found["adapter", "gateway"].state == "ok"
    assert trap not in sys.modules
