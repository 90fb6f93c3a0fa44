"""A running Prometheus and a running Alertmanager, asked over HTTP as Grafana and amtool do."""

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from shared.testing.embedded_ports import LOOPBACK, free_port
from tests.monitoring.binaries import binaries
from tests.monitoring.derived import alertmanager_config, prometheus_config
from tests.polling import until
from tests.web_client import get

READY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer: its labels, and its finite values in the order of time."""

    labels: dict[str, str]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running Prometheus."""

    url: str

    async def now(self, expr: str) -> list[Series]:
        """Return what `expr` gives now, as a figure or a table shows it."""
        result = await self._asked("query", query=expr)
        return [Series(one["metric"], _finite([one["value"]])) for one in result]

    async def over(self, expr: str, begin: float) -> list[Series]:
        """Return what `expr` gave each second since `begin`, as a graph shows it."""
        result = await self._asked("query_range", query=expr, start=begin, end=time.time(), step=1)
        return [Series(one["metric"], _finite(one["values"])) for one in result]

    async def firing(self) -> list[dict[str, str]]:
        """Return the labels of the alerts that fire."""
        answer = json.loads((await get(f"{self.url}/api/v1/alerts")).text)
        return [alert["labels"] for alert in answer["data"]["alerts"] if alert["state"] == "firing"]

    async def _asked(self, what: str, **arguments: object) -> list[dict[str, Any]]:
        reply = await get(f"{self.url}/api/v1/{what}?{urlencode(arguments)}")
        answer = json.loads(reply.text)
        assert answer["status"] == "success", f"{arguments['query']}: {answer}"
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """A running Alertmanager."""

    address: str

    async def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that it has, with whom each goes to and what inhibits it."""
        told: list[dict[str, Any]] = json.loads((await get(f"http://{self.address}/api/v2/alerts")).text)
        return told


def _finite(values: list[list[Any]]) -> tuple[float, ...]:
    return tuple(number for _at, text in values if math.isfinite(number := float(text)))


@asynccontextmanager
async def running_prometheus(
    folder: Path, alertmanager: str | None = None, lasting: str | None = None
) -> AsyncIterator[Prometheus]:
    """Yield a Prometheus with the shipped rules that scrapes what `name_targets` names in `folder`."""
    config = prometheus_config(folder, alertmanager, lasting)
    address = f"{LOOPBACK}:{free_port()}"
    options = (f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}", f"--web.listen-address={address}")
    async with _running(folder / "prometheus.log", binaries().prometheus, *options, ready=f"http://{address}/-/ready"):
        yield Prometheus(f"http://{address}")


@asynccontextmanager
async def running_alertmanager(folder: Path, smarthost: str, page_url: str) -> AsyncIterator[Alertmanager]:
    """Yield an Alertmanager with the shipped routes whose mail goes to `smarthost` and whose pages to `page_url`."""
    config = alertmanager_config(folder, smarthost, page_url)
    address = f"{LOOPBACK}:{free_port()}"
    options = (
        *(f"--config.file={config}", f"--storage.path={folder / 'alertmanager'}", f"--web.listen-address={address}"),
        "--cluster.listen-address=",
    )
    ready = f"http://{address}/-/ready"
    async with _running(folder / "alertmanager.log", binaries().alertmanager, *options, ready=ready):
        yield Alertmanager(address)


@asynccontextmanager
async def _running(log: Path, *command: str | Path, ready: str) -> AsyncIterator[None]:
    with log.open("wb") as output:
        started = asyncio.create_subprocess_exec(*map(str, command), cwd=binaries().home, stdout=output, stderr=output)
        process = await started

    async def answers() -> bool:
        assert process.returncode is None, log.read_text(encoding="utf-8")
        try:
            return (await get(ready)).status == 200
        except OSError:
            return False

    try:
        await until(answers, READY_SECONDS, said=f"{log.stem} is ready")
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
