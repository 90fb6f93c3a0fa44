"""Nodes of NATS as a StatefulSet would start them: the ConfigMaps' files in a folder, the pod's name in the environment."""

import asyncio
import json
import os
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM
from typing import Any, Final

from shared.testing.embedded_nats import nats_binary
from shared.testing.embedded_ports import LOOPBACK, free_port
from shared.testing.processes import ChildProcess

START_SECONDS: Final = 100.0
STOP_SECONDS: Final = 15.0


def write_files(folder: Path, files: Mapping[str, str]) -> Path:
    """Write a projected volume; return the file that the container names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "nats.conf"


@dataclass
class Node:
    """One running node, on this machine."""

    name: str
    client_port: int
    monitor_port: int
    pid_file: Path
    process: ChildProcess | None = None

    async def ask(self, path: str) -> dict[str, Any]:
        """Return what the monitoring port answers; nothing where it does not, or not well."""

        def asked() -> dict[str, Any]:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{self.monitor_port}{path}", timeout=10) as reply:
                told: dict[str, Any] = json.load(reply)
                return told

        try:
            return await asyncio.to_thread(asked)
        except OSError:
            return {}

    async def healthy(self) -> bool:
        """What the start-up probe asks."""
        return (await self.ask("/healthz")).get("status") == "ok"


@asynccontextmanager
async def running_nodes(folder: Path, files: Mapping[str, str], count: int, service: str) -> AsyncIterator[list[Node]]:
    """Yield nodes started from `files`, all well; only addresses and paths are others than in the cluster."""
    ports = [free_port() for _ in range(count * 3)]
    nodes = [Node(f"nats-{n}", ports[3 * n], ports[3 * n + 1], folder / f"nats-{n}" / "nats.pid") for n in range(count)]
    routes = {f"nats-{n}.{service}:6222": f"{LOOPBACK}:{ports[3 * n + 2]}" for n in range(count)}
    async with AsyncExitStack() as stack:
        for n, node in enumerate(nodes):
            here = {
                **routes,
                "port: 4222": f"host: {LOOPBACK}\nport: {node.client_port}",
                "http_port: 8222": f"http: {LOOPBACK}:{node.monitor_port}",
                "port: 6222": f"host: {LOOPBACK}\n  port: {ports[3 * n + 2]}",
                "/data/jetstream": str(folder / node.name / "jetstream"),
                "/run/nats/nats.pid": str(node.pid_file),
            }
            conf = write_files(folder / node.name, {name: _moved(text, here) for name, text in files.items()})
            node.process = await ChildProcess.spawn(
                [nats_binary(), "--config", conf.name],
                log=conf.parent / "nats.log",
                stop_signal=SIGTERM,
                environment=os.environ | {"POD_NAME": node.name},
                directory=conf.parent,
            )
            stack.push_async_callback(node.process.stop, STOP_SECONDS)
        for node in nodes:
            assert node.process is not None
            await node.process.until_ready(node.healthy, START_SECONDS)
        yield nodes


def _moved(text: str, here: Mapping[str, str]) -> str:
    for there, address in here.items():
        text = text.replace(there, address)
    return text
