"""The command line's frame: exit codes, sentences, commands of other packages, where the servers are."""

import json
from pathlib import Path

import pytest

from shared.cli.connection import client_settings
from shared.cli.endpoints import FILE, Endpoints, read_endpoints, remove_endpoints, write_endpoints
from shared.cli.main import COMMANDS
from tests.command_line import yingda

POLICY = Path(__file__).parents[3] / "shared" / "policy" / "default.yaml"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("YINGDA_NATS_URL", "YINGDA_DATABASE_URL", "YINGDA_DATA", "YINGDA_POLICY", "YINGDA_CLOCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-command",),
        ("events", "--no-such-option"),
        ("run",),
        ("run", "no-such-service"),
        ("policy",),
        ("policy", "check", "no-such-file.yaml"),
        ("dlq", "show", "intake"),
        ("dlq", "replay", "intake:1", "intake:2", "--edit", "x"),
        ("dlq", "discard", "intake:1"),
        ("events", "Work Order"),
        ("events", "--since", "soon"),
        ("contact", "send", "Web!", "-"),
        ("up", "--only", "no-such-service"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_2(arguments: tuple[str, ...]) -> None:
    outcome = yingda(*arguments, stdin="{}")
    assert outcome.code == 2
    assert outcome.out == ""
    assert outcome.err.startswith("yingda: ")
    assert outcome.err.count("\n") == 1


def test_a_fault_is_one_sentence_and_exit_code_1_and_a_traceback_only_with_debug() -> None:
    outcome = yingda("events", "--count", "1")
    assert outcome.code == 1
    assert outcome.err.startswith("yingda: NATS does not answer at nats://127.0.0.1:4222")
    assert outcome.err.count("\n") == 1
    assert "Traceback" in yingda("events", "--count", "1", "--debug").err


def test_a_wrong_variable_is_wrong_use_and_its_value_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINGDA_BATCH_SIZE", "s3cret")
    outcome = yingda("provision")
    assert (outcome.code, "YINGDA_BATCH_SIZE" in outcome.err, "s3cret" in outcome.err) == (2, True, False)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("YINGDA_CLOCK", "soon"),
        ("YINGDA_CLOCK", "2026-11-23T10:00:00+08:00@0"),
        ("YINGDA_POLICY", "no-such-file.yaml"),
        ("YINGDA_NATS_URL", "http://s3cret:4222"),
        ("YINGDA_NATS_URL", "nats://127.0.0.1:s3cret"),
        ("YINGDA_DATABASE_URL", "s3cret"),
        ("YINGDA_DATABASE_URL", "postgresql://127.0.0.1:s3cret/yingda"),
    ],
)
@pytest.mark.parametrize("arguments", [("up",), ("run", "intake")])
def test_services_do_not_start_with_a_wrong_variable(
    arguments: tuple[str, ...], variable: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Contract, exit codes: a wrong value is wrong use, told in one sentence before anything is started."""
    monkeypatch.setenv(variable, value)
    outcome = yingda(*arguments)
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert outcome.err.startswith(f"yingda: {variable}")
    assert "s3cret" not in outcome.err
    assert not (tmp_path / ".yingda" / "logs").exists()


@pytest.mark.parametrize(
    ("content", "says"), [(None, "No such file or directory"), (b"\xff\xfe\xfd", "it is not UTF-8")]
)
def test_a_contact_file_that_cannot_be_read_is_a_sentence(content: bytes | None, says: str, tmp_path: Path) -> None:
    """Contract, exit codes: without a number of the operating system."""
    if content is not None:
        (tmp_path / "contact.json").write_bytes(content)
    outcome = yingda("contact", "send", "web", "contact.json")
    assert (outcome.code, outcome.err) == (2, f"yingda: contact.json cannot be read: {says}\n")


def test_help_names_every_command() -> None:
    outcome = yingda()
    assert outcome.code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in outcome.out


def test_version() -> None:
    assert yingda("--version").lines == ["yingda 0.1.0"]


def _package(folder: Path, entry_points: str, module: str) -> None:
    info = folder / "strangers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strangers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)
    (folder / "strangers_cli.py").write_text(module)


def test_a_strangers_command_is_found_and_a_broken_one_only_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = "[yingda.commands]\nbroken = strangers_cli:missing\nweather = strangers_cli:app\n"
    module = "import typer\napp = typer.Typer()\n@app.command('today')\ndef today():\n    print('sunny')\n"
    _package(tmp_path, points, module)
    monkeypatch.syspath_prepend(tmp_path)
    outcome = yingda("weather", "today")
    assert (outcome.code, outcome.out) == (0, "sunny\n")
    assert outcome.err.startswith("yingda: the command broken (strangers_cli:missing) is left out, it does not load")
    assert yingda("--version").code == 0


def test_policy_check_says_every_fault_with_its_line(tmp_path: Path) -> None:
    text = POLICY.read_text(encoding="utf-8").replace("timezone: Asia/Shanghai", "timezone: Asia/Nowhere", 1)
    (tmp_path / "policy.yaml").write_text(text.replace("locale: zh-CN", "lokale: zh-CN", 1), encoding="utf-8")
    outcome = yingda("policy", "check", "policy.yaml")
    assert outcome.code == 1
    assert len(outcome.err.splitlines()) >= 2
    assert "policy.yaml:" in outcome.err


@pytest.mark.slow
def test_policy_show_prints_a_policy_that_is_ok_and_the_same(tmp_path: Path) -> None:
    shown = yingda("policy", "show")
    (tmp_path / "shown.yaml").write_text(shown.out, encoding="utf-8")
    checked = yingda("policy", "check", "shown.yaml")
    version = shown.lines[0].removeprefix("# policy_version: ")
    assert (checked.code, checked.out) == (0, f"shown.yaml is ok: its version is {version}\n")
    assert json.loads(yingda("policy", "show", "--json").out)["policy_version"] == version


@pytest.mark.slow
def test_plugins_are_listed_with_kind_package_version_and_state() -> None:
    found = {(plugin["kind"], plugin["name"]): plugin for plugin in json.loads(yingda("plugins", "--json").out)}
    assert found["channel", "web"] == {
        "kind": "channel",
        "name": "web",
        "state": "ok",
        "why": "",
        "configured": True,
        "api": 1,
        "package": "yingda",
        "version": "0.1.0",
        "summary": "The chat or form of the website",
    }
    assert found["classifier", "rules"]["state"] == "ok"
    assert found["classifier", "ngrams"] | {"state": "not configured", "api": None} == found["classifier", "ngrams"]
    assert yingda("plugins").lines[0].split() == ["kind", "name", "state", "api", "package", "version", "summary"]


RUNNING = Endpoints(
    "nats://127.0.0.1:1",
    "postgresql://postgres@127.0.0.1:2/yingda",
    {"sla": "http://x/metrics"},
    {"sla": 3},
    "http://127.0.0.1:5",
)


def test_endpoints_are_written_in_the_contracts_form_for_the_owner_only(tmp_path: Path) -> None:
    write_endpoints(tmp_path, RUNNING)
    assert json.loads((tmp_path / FILE).read_text()) == {
        "nats_url": RUNNING.nats_url,
        "database_url": RUNNING.database_url,
        "metrics": {"sla": "http://x/metrics"},
        "pids": {"sla": 3},
        "survey": "http://127.0.0.1:5",
        "monitoring": None,
    }
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert read_endpoints(tmp_path) == RUNNING
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    remove_endpoints(tmp_path)
    remove_endpoints(tmp_path)
    assert read_endpoints(tmp_path) is None


def test_a_client_uses_the_suite_that_runs_in_the_data_directory_unless_a_variable_names_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_endpoints(tmp_path, RUNNING)
    found = client_settings(tmp_path)
    assert (found.nats_url, found.database_url) == (RUNNING.nats_url, RUNNING.database_url)
    monkeypatch.setenv("YINGDA_DATA", str(tmp_path))
    assert client_settings().nats_url == RUNNING.nats_url
    monkeypatch.setenv("YINGDA_NATS_URL", "nats://elsewhere:4222")
    assert client_settings().nats_url == "nats://elsewhere:4222"
    assert client_settings().database_url == RUNNING.database_url


@pytest.mark.slow
def test_no_password_is_shown_where_a_server_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YINGDA_NATS_URL", "nats://user:s3cret@127.0.0.1:1")
    monkeypatch.setenv("YINGDA_DATABASE_URL", "postgresql://user:s3cret@127.0.0.1:1/yingda")
    for arguments in (("events", "--count", "1"), ("dlq", "list"), ("doctor",)):
        outcome = yingda(*arguments)
        assert outcome.code == 1
        assert "s3cret" not in outcome.err + outcome.out
