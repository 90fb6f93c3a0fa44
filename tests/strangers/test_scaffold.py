"""`yingda plugin new`: what it writes works as it stands, whatever the kind and the name."""

import sys
from pathlib import Path

import pytest

from shared.plugins import KINDS
from shared.scaffold import Names, ScaffoldError, files_of, kinds, write
from tests.command_line import yingda
from tests.strangers.environment import Stranger

LONGEST = "a23456789_123456789_123456789_12"
BIN = Path(sys.executable).parent
pytestmark = pytest.mark.timeout(400)
"""Whichever comes first makes the environment, and all wait for other programs."""


@pytest.fixture(scope="module")
def packages(stranger: Stranger, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return a package of each kind as the command of the stranger's environment writes it, installed there."""
    folder = tmp_path_factory.mktemp("packages")
    for kind in kinds():
        stranger.run(stranger.bin / "yingda", "plugin", "new", kind, f"demo_{kind}", cwd=folder)
    made = sorted(folder.iterdir())
    assert [one.name for one in made] == sorted(f"yingda-demo-{kind.replace('_', '-')}" for kind in kinds())
    stranger.install(*made)
    return made


def test_every_kind_passes_its_own_tests(stranger: Stranger, packages: list[Path]) -> None:
    """Which are the contract suite of the kind, and find the plugin by its entry point."""
    for package in packages:
        assert not list(package.glob("build"))
    tests = [package / "tests" for package in packages]
    quiet = ("-p", "no:cacheprovider", "-p", "no:asyncio", "--import-mode=importlib")
    told = stranger.run(stranger.python, "-m", "pytest", "-q", *quiet, *tests, cwd=packages[0].parent)
    assert " passed" in told
    assert "skipped" not in told


def test_every_kind_is_listed(stranger: Stranger, packages: list[Path]) -> None:
    listed = stranger.run(stranger.bin / "yingda", "plugins", cwd=packages[0].parent)
    for kind in kinds():
        (line,) = [line for line in listed.splitlines() if f" demo_{kind} " in line]
        assert f" yingda-demo-{kind.replace('_', '-')} " in line


@pytest.mark.parametrize("name", ["fax", LONGEST])
def test_every_kind_is_in_shape(name: str, tmp_path: Path, stranger: Stranger) -> None:
    """By the rules of ruff that stand in the package itself; the longest name breaks no line."""
    for kind in kinds():
        folder = tmp_path / kind
        folder.mkdir()
        write(Names.checked(kind, name), folder)
    stranger.run(BIN / "ruff", "format", "--no-cache", "--diff", ".", cwd=tmp_path)
    stranger.run(BIN / "ruff", "check", "--no-cache", ".", cwd=tmp_path)


@pytest.mark.slow_operations
def test_every_kind_is_typed(stranger: Stranger, packages: list[Path], tmp_path: Path) -> None:
    """By mypy, strictly, against the types that the wheel of Yingda brings."""
    for package in packages:
        stranger.run(BIN / "mypy", "--python-executable", stranger.python, "--cache-dir", tmp_path, cwd=package)


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("chanel", "fax", 'there is no kind "chanel" of plugin; kinds are: channel, '),
        ("channel", "Fax", '"Fax" is no name for a plugin'),
        ("channel", "fax-line", '"fax-line" is no name for a plugin'),
        ("channel", "", '"" is no name for a plugin'),
        ("channel", "fax\n", "is no name for a plugin"),
        ("channel", "../fax", '"../fax" is no name for a plugin'),
        ("channel", "9fax", '"9fax" is no name for a plugin'),
        ("channel", f"{LONGEST}3", "is no name for a plugin"),
        ("channel", "web", 'a channel plugin "web" is installed already; choose another name'),
    ],
)
def test_a_bad_name_is_one_sentence(kind: str, name: str, said: str, tmp_path: Path) -> None:
    outcome = yingda("plugin", "new", kind, name, "--into", str(tmp_path))
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
    assert outcome.err.count("\n") == 1 + name.count("\n")
    assert list(tmp_path.iterdir()) == []


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "yingda-fax").mkdir()
    (tmp_path / "yingda-fax" / "mine").write_text("mine", encoding="utf-8")
    outcome = yingda("plugin", "new", "channel", "fax", "--into", str(tmp_path))
    assert (outcome.code, outcome.out) == (2, "")
    assert "is there already, and nothing in it was changed" in outcome.err
    assert [path.name for path in (tmp_path / "yingda-fax").iterdir()] == ["mine"]
    assert "there is no directory" in yingda("plugin", "new", "channel", "fax", "--into", str(tmp_path / "no")).err


def test_every_kind_has_a_package() -> None:
    assert kinds() == tuple(KINDS)


def test_names_are_checked_before_anything_is_written() -> None:
    with pytest.raises(ScaffoldError):
        Names.checked("channel", "_")
    assert set(files_of(Names.checked("transport", "our_chat"))) == {
        "pyproject.toml",
        "README.md",
        "yingda_our_chat/__init__.py",
        "yingda_our_chat/py.typed",
        "tests/test_our_chat.py",
    }
