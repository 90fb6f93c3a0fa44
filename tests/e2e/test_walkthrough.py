"""Every rule can be shown on a running suite through the contract alone: `docs/walkthrough.md`, block by block."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.walkthrough import PAGE, Chapter, chapters, missing
from tests.handbook.rules import named_in, rules

BIN = Path(sys.executable).parent
READY_SECONDS = 60


def test_every_rule_is_shown() -> None:
    """Each rule of the handbook is named by the walkthrough."""
    shown = named_in(PAGE.read_text(encoding="utf-8"))
    assert [rule.id for rule in rules() if rule.id not in shown] == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("chapter", list(chapters()), ids=lambda chapter: chapter.title)
def test_the_blocks_do_what_the_page_says(chapter: Chapter, tmp_path: Path) -> None:
    """The blocks of a chapter, pasted one after another into a shell beside `yingda up`."""
    wrong: list[str] = []
    with suite(chapter, tmp_path) as environment:
        for step in chapter.steps:
            ran = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", step.script],
                cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
            )  # fmt: skip
            output = ran.stdout
            told = f"\n{step.heading}\n--- script\n{step.script}--- output\n{output}--- exit code {ran.returncode}"
            if ran.returncode != 0:
                wrong.append(told)
            elif (lacking := missing(step.expected, output)) is not None:
                wrong.append(f"{told}\n--- this is missing: {lacking}")
    assert not wrong, "\n".join(wrong)


@contextmanager
def suite(chapter: Chapter, folder: Path) -> Iterator[dict[str, str]]:
    """Start the suite as the chapter says, and yield the environment of a shell beside it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("YINGDA_")}
    environment |= {"PATH": f"{BIN}{os.pathsep}{environment['PATH']}"}
    log = folder / "up.log"
    with log.open("wb") as output:
        started = subprocess.Popen(
            ["bash", "-c", chapter.start],
            cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        until = time.monotonic() + READY_SECONDS
        while "ready" not in log.read_text(encoding="utf-8"):
            assert started.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < until, log.read_text(encoding="utf-8")
            time.sleep(0.1)
        yield environment
    finally:
        os.killpg(started.pid, signal.SIGINT)
        started.wait(timeout=60)
        shutil.rmtree(folder / ".yingda", ignore_errors=True)
