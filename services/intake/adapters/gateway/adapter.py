"""The process of the gateway: its server and its endpoints, started and stopped in order."""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

from services.intake.adapters.gateway.config import GatewayConfig
from services.intake.adapters.gateway.site import build_site
from shared.adapters import Endpoint, Running, Work
from shared.adapters.configured import build_endpoints
from shared.adapters.setup import AdapterSetup
from shared.plugins import Plugin, PluginError
from shared.service import Web
from shared.web import WebServer

LARGEST_FRAME = 65_536
REASONS = ("bad-signature", "invalid", "stale", "too-large", "too-many-requests", "unsigned")
"""Why requests are refused most."""


class Gateway:
    """The adapter `gateway`."""

    def __init__(self, endpoints: Mapping[str, Endpoint], config: GatewayConfig, host: str, port: int) -> None:
        """Serve `endpoints` on `host` and `port`; `PluginError` where there is none to be served."""
        if not endpoints:
            raise PluginError("the policy names no endpoint under plugins.endpoints")
        self._endpoints = endpoints
        self._config = config
        self._host = host
        self._port = port

    @property
    def channels(self) -> tuple[str, ...]:
        """Those of its endpoints."""
        return tuple(sorted({channel for endpoint in self._endpoints.values() for channel in endpoint.channels}))

    async def run(self, work: Work) -> None:
        """Serve until it is told to stop; then requests in hand are answered, and what endpoints do beside them ends."""
        works = {name: self._own(work, name, endpoint) for name, endpoint in self._endpoints.items()}
        web = WebServer(
            Web(build_site(self._endpoints, works, self._config), self._host, self._port),
            connections=self._config.connections,
            largest_frame=LARGEST_FRAME,
        )
        async with AsyncExitStack() as stack:
            running = [
                asyncio.create_task(endpoint.run(works[name]), name=name)
                for name, endpoint in self._endpoints.items()
                if isinstance(endpoint, Running)
            ]
            stack.callback(_end, running)
            await web.start()
            stack.push_async_callback(web.stop)
            work.report.ready(web.url)
            stopping = asyncio.create_task(work.stopping.wait())
            stack.callback(stopping.cancel)
            await _until_the_end(stopping, running)
            await web.stop()
            await asyncio.gather(*running)

    def _own(self, work: Work, name: str, endpoint: Endpoint) -> Work:
        """Return what `endpoint` works with: its own channels, its own name in metrics."""
        publisher = work.publisher.of(name, endpoint.channels, self._config.patience_seconds)
        report = work.report.of(name)
        report.expect(*REASONS)
        return replace(work, publisher=publisher, report=report)


async def _until_the_end(stopping: asyncio.Task[bool], running: Collection[asyncio.Task[None]]) -> None:
    """Return when the end is asked for; an error of what runs ends the process, which is started again."""
    going: set[asyncio.Task[Any]] = {stopping, *running}
    while not stopping.done():
        done, going = await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()


def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()


def _build(setup: AdapterSetup) -> Gateway:
    settings = setup.settings
    return Gateway(build_endpoints(setup), setup.config, settings.gateway_host, settings.gateway_port)


plugin = Plugin(
    kind="adapter",
    name="gateway",
    api=1,
    summary="One HTTP server for every endpoint that the policy names",
    build=_build,
    config=GatewayConfig,
)
