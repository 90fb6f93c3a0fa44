"""What watching over one another costs: `python -m tests.faults.audit_cost [CONTACTS]`.

Processor time (user and system) of the processes themselves, which other work on the machine changes least: of one service
for its heartbeats, told and heard, and of all five services and both servers for a reconciliation, per contact.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nats

from shared.heartbeat import EVERY_SECONDS, HeartbeatExchange, Pulse
from tests.e2e.suite import Suite, running_suite
from tests.faults.test_kill import flood, nothing_in_hand
from tests.pace import lasts

SERVICES = ("intake", "routing", "sla", "notify", "feedback")
PARTS = ("consumer", "relay", "gauges", "watch", "renewal", "desk", "retention")
ROUNDS = 2_000
IDLE_SECONDS = 10.0
"""How long the suite is watched at rest first; what it uses then is no cost of a reconciliation."""


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the processor time that these processes have used so far."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def servers() -> list[int]:
    """Return the processes of NATS and PostgreSQL below this one."""
    below, found = [os.getpid()], list[int]()
    while below:
        pid = below.pop()
        for task in Path(f"/proc/{pid}/task").iterdir():
            below += [int(child) for child in (task / "children").read_text().split()]
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        found += [pid] if name in {"nats-server", "postgres"} else []
    return found


async def heartbeat(nats_url: str) -> float:
    """Return the processor time of one round: tell once, hear all five services, judge."""
    client, other = await nats.connect(nats_url), await nats.connect(nats_url)
    pulse = Pulse()
    for part in PARTS:
        pulse.advanced(part, 1)
    mine = HeartbeatExchange(client, "intake", pulse, SERVICES)
    others = [HeartbeatExchange(other, service, pulse, SERVICES) for service in SERVICES[1:]]
    mine._subscription = await client.subscribe("yingda.heartbeat.*", cb=mine._hear)
    told = 0.0
    began = time.process_time()
    for _ in range(ROUNDS):
        before = time.process_time()
        for one in others:
            await one._tell()
        told += time.process_time() - before  # what the others do is not this one's
        await mine._tell()
        mine._judge()
        await client.flush()
    spent = time.process_time() - began - told
    await client.close()
    await other.close()
    return spent / ROUNDS


async def reconciled(suite: Suite) -> dict[str, Any]:
    """Reconcile everything; return what that took, per contact."""
    services, below = list(suite.endpoints["pids"].values()), servers()
    idle = cpu_seconds(services), cpu_seconds(below)
    await lasts(IDLE_SECONDS)
    before, before_servers, began = cpu_seconds(services), cpu_seconds(below), time.monotonic()
    command = (sys.executable, "-m", "shared.cli.main", "reconcile", "--json", "--data", str(suite.data))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()
    stages = {stage["stage"]: stage for stage in json.loads(told)["run"]["stages"]}
    spent, spent_servers = cpu_seconds(services) - before, cpu_seconds(below) - before_servers
    seconds, count = time.monotonic() - began, stages["workorders"]["checked"]
    at_rest, at_rest_servers = (
        (b - a) / IDLE_SECONDS * seconds for a, b in zip(idle, (before, before_servers), strict=True)
    )
    return {
        "messages": stages["received"]["checked"],
        "contacts": count,
        "differences": sum(stage["difference"] for stage in stages.values()),
        "services_us_per_contact": round((spent - at_rest) / count * 1e6, 1),
        "servers_us_per_contact": round((spent_servers - at_rest_servers) / count * 1e6, 1),
        "seconds": round(seconds, 1),
    }


async def main(contacts: int) -> None:
    """Print the figures as JSON."""
    async with running_suite() as suite:
        round_seconds = await heartbeat(suite.endpoints["nats_url"])
        await flood(suite, contacts)
        await nothing_in_hand(suite)
        figures = {
            "heartbeat_us_per_round": round(round_seconds * 1e6, 1),
            "heartbeat_percent_of_a_core": round(100 * round_seconds / EVERY_SECONDS, 4),
            "reconciliation": await reconciled(suite),
        }
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 4_000))
