"""The nursery as the supervisor meets it: stopped in the middle of the start, broken, and with children of each kind."""

import asyncio
import gc
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from shared.cli.nursery_client import NurseryClient, NurseryError
from shared.testing.polling import until


@pytest.mark.slow
async def test_a_stop_during_the_start_leaves_no_error_that_nobody_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM while a service is being forked: the one who waits is cancelled, then the nursery ends."""
    told: list[dict[str, Any]] = []
    gc.collect()  # what a test before has left behind is not told of as ours
    monkeypatch.setattr(asyncio.get_running_loop(), "call_exception_handler", told.append)
    nursery = NurseryClient(tmp_path / "nursery.log", [], os.environ)
    await nursery.start()
    with (tmp_path / "child.log").open("wb") as log:
        waiting = asyncio.create_task(nursery.fork(["--version"], {}, [log.fileno(), log.fileno()]))
        asyncio.get_running_loop().call_soon(waiting.cancel)  # its turn comes when the other has asked and waits
        await asyncio.wait({waiting})
    assert waiting.cancelled()
    await nursery.stop()
    del waiting  # its traceback holds what it waited for
    gc.collect()
    assert told == []


@pytest.mark.slow
async def test_who_asks_a_nursery_that_does_not_import_is_told_what_is_wrong(tmp_path: Path) -> None:
    """Before, all that anybody read was that the nursery had ended."""
    broken = tmp_path / "yaml"  # what the policy is read with
    broken.mkdir()
    (broken / "__init__.py").write_text("raise ImportError('libyaml is of another machine')\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    nursery = NurseryClient(tmp_path / "nursery.log", [], environment)
    with (tmp_path / "child.log").open("wb") as log:
        for _ in range(2):  # the next one to ask gets a new nursery, and the same answer
            with pytest.raises(NurseryError, match=r"has ended: ImportError: libyaml is of another machine$"):
                await nursery.fork(["--version"], {}, [log.fileno(), log.fileno()])
    await nursery.stop()


@pytest.mark.slow
async def test_a_child_that_was_prepared_and_one_that_was_not_run_the_same_commands(tmp_path: Path) -> None:
    """What fails to import in advance is told when it is asked for; one that was killed meanwhile is replaced."""
    nursery = NurseryClient(tmp_path / "nursery.log", ["nothing"], os.environ)
    await nursery.start()

    async def run(*arguments: str) -> tuple[int, int, str]:
        log = tmp_path / "child.log"
        with log.open("wb") as out:
            child = await nursery.fork(arguments, {}, [out.fileno(), out.fileno()])
        return child.pid, await child.wait(), log.read_text(encoding="utf-8")

    def prepared() -> list[int]:
        return [
            child
            for pid in children_of(os.getpid())
            if "cli.nursery" in command_line(pid)
            for child in children_of(pid)
        ]

    await until(lambda: len(prepared()) == 2, seconds=60.0)
    provision, service = prepared()
    pid, code, told = await run("run", "nothing")
    assert (pid, code) == (service, 2)
    assert told.startswith('yingda: there is no service "nothing"')
    os.kill(provision, signal.SIGKILL)
    await until(lambda: ") Z " in Path(f"/proc/{provision}/stat").read_text(encoding="utf-8"), seconds=10.0)
    pid, code, told = await run("provision", "--help")
    assert pid != provision
    assert (code, "Create or update streams" in told) == (0, True)
    await nursery.stop()


def children_of(pid: int) -> list[int]:
    """Return the ids of the processes that `pid` has started and that run, the oldest first."""
    return sorted(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()))


def command_line(pid: int) -> str:
    """Return how the process was started."""
    return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").replace("\0", " ")
