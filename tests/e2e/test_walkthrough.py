"""Every rule can be shown on a running suite through the contract alone: `docs/walkthrough.md`, block by block."""

import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from tests.e2e.walkthrough import PAGE, Chapter, chapters, missing
from tests.handbook.rules import named_in, rules

BIN = Path(sys.executable).parent
READY_SECONDS = 60
STEP_SECONDS = 90
"""No block takes longer; one that waits for what does not come is cut off, and what it printed is shown."""


def test_every_rule_is_shown() -> None:
    """Each rule of the handbook is named by the walkthrough."""
    shown = named_in(PAGE.read_text(encoding="utf-8"))
    assert [rule.id for rule in rules() if rule.id not in shown] == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("chapter", list(chapters()), ids=lambda chapter: chapter.title)
def test_the_blocks_do_what_the_page_says(chapter: Chapter, tmp_path: Path) -> None:
    """The blocks of a chapter, pasted one after another into a shell beside `yingda up`."""
    wrong: list[str] = []
    (tmp_path / "deploy").symlink_to(PAGE.parents[1] / "deploy")  # the page is read in a checkout
    with suite(chapter, tmp_path) as environment:
        for step in chapter.steps:
            output, code = pasted(step.script, tmp_path, environment)
            told = f"\n{step.heading}\n--- script\n{step.script}--- output\n{output}--- exit code {code}"
            if code != 0:
                wrong.append(told)
            elif (lacking := missing(step.expected, output)) is not None:
                wrong.append(f"{told}\n--- this is missing: {lacking}")
    assert not wrong, "\n".join(wrong)


def pasted(script: str, folder: Path, environment: dict[str, str]) -> tuple[str, int | None]:
    """Run one block as a shell does; return what it printed and its exit code, None where it did not end."""
    with (folder / "step.log").open("w+b") as output:
        shell = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            code: int | None = shell.wait(timeout=STEP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()
            code = None
        output.seek(0)
        return output.read().decode(), code


@contextmanager
def suite(chapter: Chapter, folder: Path) -> Iterator[dict[str, str]]:
    """Start the suite as the chapter says, and yield the environment of a shell beside it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("YINGDA_")}
    environment |= {"PATH": f"{BIN}{os.pathsep}{environment['PATH']}"}
    log = folder / "up.log"
    with log.open("wb") as output:
        started = subprocess.Popen(
            ["bash", "-c", chapter.start],
            cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        assert said_within(started.stdout, READY_SECONDS) == b"ready\n", log.read_text(encoding="utf-8")
        yield environment
    finally:
        os.killpg(started.pid, signal.SIGINT)
        started.communicate(timeout=60)
        shutil.rmtree(folder / ".yingda", ignore_errors=True)


def said_within(output: IO[bytes] | None, seconds: float) -> bytes:
    """Return the next line; none where the process ends, or says nothing for so long."""
    assert output is not None
    return output.readline() if select.select([output], [], [], seconds)[0] else b""
