"""A cluster of NATS servers from the wheel: streams on three nodes, any one of which may be lost."""

from __future__ import annotations

import asyncio
import json
import secrets
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shared.testing.embedded_nats import EmbeddedNats
from shared.testing.embedded_ports import LOOPBACK, free_port
from shared.testing.lifetime import Lifetime
from shared.testing.polling import until

NODES = 3
HEALTHY_SECONDS = 60.0

_CLUSTER = """\
cluster {{
  name: "{cluster}"
  listen: "{host}:{port}"
  routes: [{routes}]
}}
"""


class ClusterNode(EmbeddedNats):
    """One node of a cluster; its name and its port for the others stay the same, which is how they know it."""

    def __init__(self, data_dir: Path, name: str, cluster: str, port: int, others: Sequence[int]) -> None:
        super().__init__(data_dir)
        self.name = name
        routes = ", ".join(f'"nats://{LOOPBACK}:{other}"' for other in others)
        self._cluster = _CLUSTER.format(cluster=cluster, host=LOOPBACK, port=port, routes=routes)

    async def healthy(self) -> bool:
        """Whether the node runs and has caught up with all that it keeps a copy of."""
        return (await self._ask("/healthz")).get("status") == "ok"

    async def leads(self) -> set[str]:
        """Return the names of the streams whose leader this node is."""
        told = await self._ask("/jsz?streams=true")
        streams = [stream for account in told.get("account_details", ()) for stream in account["stream_detail"]]
        return {stream["name"] for stream in streams if stream.get("cluster", {}).get("leader") == self.name}

    async def _ask(self, path: str) -> dict[str, Any]:
        if self.pid is None:
            return {}

        def asked() -> dict[str, Any]:
            with urllib.request.urlopen(f"{self.monitoring_url}{path}", timeout=2) as reply:  # noqa: S310 (our own)
                told: dict[str, Any] = json.load(reply)
                return told

        try:
            return await asyncio.to_thread(asked)
        except OSError:  # not there yet, or not well: it answers 503 then
            return {}

    def _name(self) -> str:
        return self.name

    def _config(self, name: str, port: int, monitoring_port: int) -> str:
        return super()._config(name, port, monitoring_port) + self._cluster


class EmbeddedCluster(Lifetime):
    """Three nodes on this machine; inside `async with` all are well. Their addresses stay the same over kills."""

    def __init__(self, data_dir: Path) -> None:
        cluster = f"yingda-{secrets.token_hex(4)}"
        ports: list[int] = []
        while len(ports) < NODES:
            ports = list({*ports, free_port()})
        self.nodes = [
            ClusterNode(data_dir / f"node{n}", f"{cluster}-node{n}", cluster, port, [p for p in ports if p != port])
            for n, port in enumerate(ports, start=1)
        ]

    @property
    def url(self) -> str:
        """The addresses of all nodes, as `YINGDA_NATS_URL` takes them."""
        return ",".join(node.url for node in self.nodes)

    async def start(self) -> None:
        """Return when every node runs and has caught up; see `healthy`."""
        await asyncio.gather(*(node.start() for node in self.nodes))
        await self.healthy()

    async def healthy(self) -> None:
        """Return when every node runs and has caught up; `NotInTimeError` where that takes too long."""

        async def all_are() -> bool:
            return all([await node.healthy() for node in self.nodes])

        await until(all_are, HEALTHY_SECONDS, said="every node is well")

    async def stop(self) -> None:
        """Stop all nodes; no process is left on return."""
        await asyncio.gather(*(node.stop() for node in self.nodes))
