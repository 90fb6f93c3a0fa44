"""Whoever is called at night finds commands that exist, and metrics that are exported (R-OB-03)."""

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from shared import metrics
from shared.cli.main import build
from shared.events import Command
from tests.monitoring.runbooks import Line, lines, pages

LINES = list(lines())
CALLS = list({line.text: line for line in LINES if line.text.startswith("yingda ")}.values())
PROGRAMS = {"yingda", "docker", "ps", "timedatectl"}


def commands(kind: type[Command] = Command) -> Iterator[type[Command]]:
    for model in kind.__subclasses__():
        yield model
        yield from commands(model)


def test_every_page_has_something_to_look_at_and_to_do() -> None:
    for page in pages():
        of_page = [line for line in LINES if line.page == page.stem]
        assert any(line.looks and line.kind == "promql" for line in of_page), page.name
        assert any(line.looks and line.kind == "sh" for line in of_page), page.name
    assert {shlex.split(line.text)[0] for line in LINES if line.kind == "sh"} == PROGRAMS


@pytest.mark.parametrize("line", CALLS, ids=lambda line: f"{line.page}: {line.text}")
def test_a_command_is_one_that_yingda_has(line: Line) -> None:
    """Its name, its options, and for a command of the contract its fields."""
    words = shlex.split(line.text.partition(" > ")[0])[1:]
    place: Any = get_command(build(words))
    while hasattr(place, "commands"):
        assert words[0] in place.commands, line.text
        place = place.commands[words.pop(0)]
    known = {name for parameter in place.params for name in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("-")} <= known, line.text
    if place.name == "command":
        (model,) = (one for one in commands() if vars(one).get("SUBJECT") == f"yingda.command.{words[0]}")
        fields = {word.partition("=")[0] for word in words[1:] if "=" in word and not word.startswith("-")}
        assert fields - {"number"} <= model.model_fields.keys(), line.text


def test_every_metric_of_a_page_is_exported() -> None:
    known = {sample for family in metrics.REGISTRY.collect() for sample in _exported(family.name, family.type)}
    for line in LINES:
        for name in re.findall(r"\byingda_[a-z0-9_]+", line.text) if line.kind == "promql" else ():
            assert name in known, f"{line.page}: {name}"


def _exported(name: str, kind: str) -> set[str]:
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(kind, ("",))
    return {f"{name}{suffix}" for suffix in suffixes}
