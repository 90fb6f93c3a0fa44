"""What the runbooks ask their reader to look at can be pasted as it stands, and shows something (R-OB-03)."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import pytest

from tests.monitoring.loaded import loaded
from tests.monitoring.runbooks import lines

BIN = Path(sys.executable).parent
FAULTS_FOUND = 1
"""How `yingda doctor` ends beside a load that has left a dead letter."""


@pytest.mark.slow_operations
@pytest.mark.timeout(300)
async def test_what_is_to_be_looked_at_can_be_pasted() -> None:
    """R-OB-03: every command under "Look at" ends well beside a suite under load, every expression gives something."""
    looks = [line for line in lines() if line.looks]
    async with loaded() as (suite, prometheus, _begin, load):
        await load
        lacking = [line for line in looks if line.kind == "promql" and not await prometheus.now(line.text)]
        wrong = []
        for text in dict.fromkeys(line.text for line in looks if line.text.startswith("yingda ")):
            code, said = await _pasted(text, suite.data)
            if code not in ({0, FAULTS_FOUND} if text == "yingda doctor" else {0}):
                wrong.append((text, said))
    assert not lacking, lacking
    assert not wrong, wrong


async def _pasted(text: str, data: Path) -> tuple[int | None, str]:
    """Run a line as a shell does beside the suite in `data`; return its exit code and what it said."""
    environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "YINGDA_DATA": str(data)}
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", text), env=environment, stdout=PIPE, stderr=STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()
