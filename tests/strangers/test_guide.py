"""docs/plugins.md is true: its chapters are pasted as they stand, and nothing that a plugin's author meets is left out."""

import dataclasses
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from shared import metrics
from shared.adapters.setup import AdapterSetup
from shared.plugins import KINDS, Plugin, Setup
from shared.testing import contracts
from tests.command_line import yingda
from tests.e2e.pasting import wrong_in
from tests.e2e.walkthrough import chapters
from tests.strangers.environment import ROOT, Stranger

GUIDE = ROOT / "docs" / "plugins.md"
TEXT = GUIDE.read_text(encoding="utf-8")
LINES = 80
"""A new channel is written, tested and run in fewer."""
CHAPTERS = list(chapters(GUIDE))
pytestmark = pytest.mark.timeout(400)
"""Whichever comes first makes the environment, and all wait for other programs."""


def test_the_chapters_do_what_they_say(stranger: Stranger, tmp_path: Path) -> None:
    """Each block is pasted where Yingda is installed from its wheel, with nothing else of this repository."""
    for chapter in CHAPTERS:
        wrong = wrong_in(chapter, tmp_path, environment=stranger.environment)
        assert not wrong, "\n".join(wrong)


def test_a_channel_is_written_tested_and_run_in_few_lines() -> None:
    assert [chapter.title for chapter in CHAPTERS] == ["Write a channel", "Run it"]
    scripts = [script for chapter in CHAPTERS for script in (chapter.start, *(one.script for one in chapter.steps))]
    lines = [line for script in scripts for line in script.splitlines()]
    assert len(lines) < LINES, f"{len(lines)} lines"


def members(protocol: Any) -> Iterator[str]:
    """Yield what a Protocol asks for."""
    yield from sorted(name for name in {*vars(protocol), *protocol.__annotations__} if not name.startswith("_"))


def section(kind: str) -> str:
    """Return what the guide says of a kind."""
    (_, part) = TEXT.split(f"\n### {kind}\n")
    return re.split(r"\n##", part)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_every_member_of_a_kind_is_explained(kind: str) -> None:
    module, _, name = KINDS[kind].protocol.partition(":")
    assert f"`{module}.{name}`" in section(kind)
    for member in members(getattr(import_module(module), name)):
        assert f"\n| `{member}` | " in section(kind), f"{kind}: {member}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_in_the_tables(kind: str) -> None:
    _, _, kinds = TEXT.partition("\n## Kinds\n")
    (row,) = re.findall(rf"(?m)^\| `{kind}` \|.*Contract.*$", kinds)
    suites = re.findall(r"`(\w+Contract)`", row)
    assert suites
    assert all(getattr(contracts, suite).kind == kind for suite in suites)
    assert re.search(rf"(?m)^\| {kind} \|", TEXT), "what follows where it fails"
    assert f"`{KINDS[kind].section}`" in TEXT


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_setup_has_more_is_explained(kind: str) -> None:
    module = import_module(KINDS[kind].protocol.partition(":")[0])
    common = {field.name for field in dataclasses.fields(Setup)}
    setups = {one for one in (*vars(module).values(), AdapterSetup) if isinstance(one, type) and issubclass(one, Setup)}
    for setup in setups - {Setup}:
        assert f"`{setup.__name__}`" in TEXT
        for field in dataclasses.fields(setup):
            if field.name not in common and setup.__name__ in section(kind):
                assert f"`{field.name}`" in section(kind), f"{setup.__name__}.{field.name}"


def test_every_field_of_the_manifest_is_explained() -> None:
    _, _, rest = TEXT.partition("\n## The manifest\n")
    manifest, _, _ = rest.partition("\n## ")
    for field in (*dataclasses.fields(Plugin), *dataclasses.fields(Setup)):
        assert f"\n| `{field.name}` | " in manifest, field.name


def test_every_suite_and_metric_that_an_author_meets_is_named() -> None:
    for name in vars(contracts):
        if name.endswith("Contract") and name != "PluginContract":
            assert f"`{name}`" in TEXT, name
    told = {family.name for family in metrics.REGISTRY.collect() if family.name.startswith("yingda_plugin_")}
    named = set(re.findall(r"(?m)^\| `(yingda_plugin_\w+)` \|", TEXT))
    assert {name.removesuffix("_total") for name in named} == told


def test_what_the_page_points_to_exists() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", TEXT)
    paths = re.findall(r"`((?:docs|services|shared|tests)/[^` ]*)`", TEXT)
    assert [link for link in links if not (GUIDE.parent / link).exists()] == []
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_no_command_is_made_up() -> None:
    """Commands in passing are the suite's own."""
    for command in re.findall(r"`yingda ([a-z]+)", TEXT):
        assert yingda(command, "--help").code == 0, command
