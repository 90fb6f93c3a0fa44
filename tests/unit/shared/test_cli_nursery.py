"""The supervisor's side of the nursery when it is stopped in the middle of the start."""

import asyncio
import gc
import os
from pathlib import Path
from typing import Any

import pytest

from shared.cli.nursery_client import NurseryClient, NurseryError


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
