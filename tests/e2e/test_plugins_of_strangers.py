"""A running suite with a stranger's package that does everything wrong: what is not its own goes on as ever (ADR 0035)."""

import json
import os
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from shared.policy.loader import DEFAULT_POLICY
from tests.e2e.suite import PROGRAM, Suite, contact, running_suite
from tests.unit.plugins.stranger import package

pytestmark = pytest.mark.timeout(300)
"""A whole suite takes its time to start and to end where the machine has much else to do."""

CHANNELS = """
import re

class Channel:
    def __init__(self, name):
        self.name = name

    def read(self, data):
        return re.match("(a+)+$", "a" * 80 + "!") if self.name == "backtracks" else 1 / 0

def plugin(name):
    return Plugin(kind="channel", name=name, api=1, build=lambda setup: Channel(name))

backtracks, divides = plugin("backtracks"), plugin("divides")
"""


def installed(folder: Path) -> dict[str, str]:
    """Install the package, and one that breaks as it is imported; return the environment of a suite that names them."""
    package(
        folder,
        "strangers",
        {"yingda.channels:backtracks": "backtracks", "yingda.channels:divides": "divides"},
        CHANNELS,
    )
    package(folder, "broken", {"yingda.channels:broken": "plugin"}, "1 / 0\n")
    package(
        folder,
        "trap",
        {f"yingda.{kind}s:trap": "plugin" for kind in ("channel", "transport")},
        "import os\nos._exit(9)\n",
    )
    policy = folder / "policy.yaml"
    named = "".join(f"    {name}:\n" for name in ("backtracks", "divides", "broken", "telex"))
    policy.write_text(DEFAULT_POLICY.read_text(encoding="utf-8").replace("    web: {}\n", f"    web: {{}}\n{named}", 1))
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(Path.cwd())]), "YINGDA_POLICY": str(policy)}


async def listed(environment: dict[str, str]) -> tuple[int | None, dict[str, str]]:
    """Return the exit code of `yingda plugins` and the states of the channels that it tells."""
    process = await create_subprocess_exec(
        *PROGRAM, "plugins", "--json", env={**os.environ, **environment}, stdout=PIPE
    )
    out, _ = await process.communicate()
    return process.returncode, {one["name"]: one["state"] for one in json.loads(out) if one["kind"] == "channel"}


async def reason(suite: Suite, channel: str) -> str:
    told = await suite.event("contact.rejected", channel=channel, seconds=60)
    found: str = told["data"]["reason"]
    return found


async def test_contacts_of_others_are_taken_in_while_a_plugin_breaks_hangs_and_fails(tmp_path: Path) -> None:
    environment = installed(tmp_path)
    async with running_suite(PYTHONPATH=environment["PYTHONPATH"], YINGDA_POLICY=environment["YINGDA_POLICY"]) as suite:
        before = suite.endpoints["pids"]
        for channel in ("backtracks", "divides", "broken", "telex", "trap", "web"):
            await suite.publish(contact(), channel)
        assert (await suite.event("contact.registered", seconds=60))["data"]["channel"] == "web"
        assert await reason(suite, "backtracks") == 'the channel plugin "backtracks" was broken off after 5 s'
        assert await reason(suite, "divides") == 'the plugin for channel "divides" failed: ZeroDivisionError'
        assert "does not load: ZeroDivisionError in broken_" in await reason(suite, "broken")
        assert 'there is no channel plugin "telex"' in await reason(suite, "telex")
        assert 'no plugin for channel "trap" is configured' in await reason(suite, "trap")
        await suite.event("workorder.opened", channel="web")
        assert suite.endpoints["pids"] == before
        code, states = await listed(environment)
    assert code == 1
    assert (states["broken"], states["telex"], states["trap"], states["web"]) == (
        "broken",
        "not installed",
        "not configured",
        "ok",
    )
