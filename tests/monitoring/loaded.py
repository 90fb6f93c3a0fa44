"""A suite under the mixed load, and the Prometheus that sees all of it."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.suite import Suite, running_suite
from tests.monitoring.derived import name_targets
from tests.monitoring.gateway import gateway
from tests.monitoring.load import CLOCK, Load, policy_file
from tests.monitoring.programs import Prometheus, running_prometheus
from tests.polling import until


@asynccontextmanager
async def loaded() -> AsyncIterator[tuple[Suite, Prometheus, float, asyncio.Task[None]]]:
    """Yield a suite, the Prometheus that sees all of it, when the mixed load began, and the load."""
    with tempfile.TemporaryDirectory(prefix="yingda-panels-") as name, gateway(500, 404) as provider:
        folder = Path(name)
        environment = {
            "YINGDA_POLICY": str(policy_file(folder, provider.url)),
            "YINGDA_RECONCILE_SECONDS": "3",
            "YINGDA_RECONCILE_GRACE_SECONDS": "1",
            "YINGDA_WEBHOOK_URL": provider.url,
            "YINGDA_WEBHOOK_KEY": "a secret of the gateway",
            "YINGDA_SECRET_PAGER_KEY": "a secret of the pager",
        }
        async with running_prometheus(folder) as prometheus, running_suite(CLOCK, **environment) as suite:
            name_targets(folder, suite.endpoints["metrics"].values())

            async def all_scraped() -> bool:
                return len(await prometheus.now("yingda_service_up")) == len(suite.endpoints["metrics"])

            await until(all_scraped, 60, every=0.2)
            begin = time.time()
            load = asyncio.create_task(Load(suite).run())
            try:
                yield suite, prometheus, begin, load
            finally:
                load.cancel()
