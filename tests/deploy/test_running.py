"""The pods of the scaled-out overlay as processes: with exactly their settings, secrets, policy and three nodes of NATS.

Only addresses and folders are others than in the cluster, PostgreSQL's administrator is the one of the test's server, and
it has no TLS there.
"""

import asyncio
import os
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from signal import SIGTERM
from urllib.parse import urlencode

import pytest
from nats.aio.client import Client
from pydantic_core import from_json
from sqlalchemy import make_url

from shared.bus.connect import connect
from shared.bus.settle import settle
from shared.ending import GONE_SECONDS
from shared.service import service_names
from shared.settings import load_settings
from shared.testing.embedded_ports import LOOPBACK, free_port
from shared.testing.processes import ChildProcess
from tests.deploy.credentials import files_of, fill, printed
from tests.deploy.nats_nodes import Node, running_nodes
from tests.deploy.overlays import config_map, of_kind, overlay, workloads
from tests.deploy.pod_here import PodHere
from tests.e2e.suite import contact, envelope
from tests.polling import until

NAME = "scaled-out"
READY_SECONDS = 100.0


class Cluster:
    """What the pods find: the nodes of NATS, the database, and everything that may be mounted."""

    def __init__(self, folder: Path, nodes: list[Node], database: str) -> None:
        self.folder = folder
        self.nodes = nodes
        at = make_url(database)
        settings = config_map(NAME, "settings")
        self.here = {f"{node.name}.nats-nodes:4222": f"{LOOPBACK}:{node.client_port}" for node in nodes}
        self.here[settings["DATABASE_ADDRESS"]] = f"{at.host}:{at.port}/{at.database}"
        self.here[f"{settings['DATABASE_ADMINISTRATOR']}@"] = f"{at.username}@"
        self.held = {(one["kind"], one["metadata"]["name"]): one for one in overlay(NAME)}
        self.held |= {(one["kind"], one["metadata"]["name"]): one for one in printed(folder / "secrets")}
        self.administrator = at.password or ""
        self.ports: dict[str, int] = {}

    def pod(self, workload: str) -> tuple[PodHere, dict[str, str]]:
        """Return the container of `workload` as it is here, and its environment."""
        pod = PodHere(NAME, workloads(NAME)[workload], self.held, self.folder / workload)
        self.ports[workload] = free_port()
        other = {"YINGDA_METRICS_PORT": str(self.ports[workload]), "YINGDA_DATABASE_CA": ""}
        environment = pod.environment(self.here, **other)
        if "YINGDA_SURVEY_PORT" in environment:
            environment["YINGDA_SURVEY_PORT"] = str(free_port())
        if "YINGDA_ROLE_PASSWORDS" in environment:
            environment["YINGDA_DATABASE_PASSWORD"] = self.administrator
        return pod, clean() | environment

    async def ready(self, workload: str) -> bool:
        """What the readiness probe asks."""

        def asked() -> bool:
            with urllib.request.urlopen(f"http://{LOOPBACK}:{self.ports[workload]}/readyz", timeout=10) as reply:
                return bool(reply.status == 200)

        try:
            return await asyncio.to_thread(asked)
        except (OSError, urllib.error.URLError):
            return False


def clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("YINGDA_")}


@asynccontextmanager
async def container(cluster: Cluster, workload: str) -> AsyncIterator[ChildProcess]:
    """Yield the container of `workload`, running."""
    pod, environment = cluster.pod(workload)
    process = await ChildProcess.spawn(
        [sys.executable, "-m", "shared.cli.main", *pod.arguments],
        log=cluster.folder / workload / "log",
        stop_signal=SIGTERM,
        environment=environment,
        directory=Path.cwd(),
    )
    try:
        yield process
    finally:
        await process.stop(GONE_SECONDS + 5)


@pytest.fixture
async def cluster(tmp_path: Path, database_url: str) -> AsyncIterator[Cluster]:
    fill(tmp_path / "secrets")
    (users,) = [one for one in printed(tmp_path / "secrets") if one["metadata"]["name"] == "nats-users"]
    files = config_map(NAME, "nats") | config_map(NAME, "nats-node") | files_of(users)
    stateful = of_kind(NAME, "StatefulSet")["nats"]["spec"]
    async with running_nodes(tmp_path / "bus", files, stateful["replicas"], stateful["serviceName"]) as nodes:
        yield Cluster(tmp_path, nodes, database_url)


@pytest.mark.timeout(300)
async def test_pods_wait_for_provision_and_then_answer_a_contact(cluster: Cluster) -> None:
    """A service that comes first ends, to be started again; after the Job all are ready, and a contact is a work order."""
    (job,) = of_kind(NAME, "Job")
    async with container(cluster, "sla") as early:
        assert await early.wait() != 0
        assert early.log_tail().count("yingda: ") == 1, "in one sentence"
    async with container(cluster, job) as provision:
        assert await provision.wait() == 0, provision.log_tail()
        assert "stream EVENTS created" in provision.log_tail()
    async with AsyncExitStack() as stack:
        pods = {name: await stack.enter_async_context(container(cluster, name)) for name in service_names()}
        for name, process in pods.items():
            await process.until_ready(partial(cluster.ready, name), READY_SECONDS)
        assert await opened(cluster) == "yingda.event.workorder.opened"
        for scaled in of_kind(NAME, "ScaledObject").values():
            (wanted,) = [one["metadata"] for one in scaled["spec"]["triggers"] if one["type"] == "nats-jetstream"]
            await until(partial(one_leads, cluster, wanted), READY_SECONDS, said=f"{wanted['consumer']} is done")


async def opened(cluster: Cluster) -> str:
    """Publish a contact as the web adapter; return the subject on which a desk hears of its work order."""
    async with user(cluster, "desk") as desk, user(cluster, "adapter_web") as adapter:
        heard = await desk.subscribe("yingda.event.workorder.opened")
        await settle(desk)
        body = envelope(contact(), "web", "one")
        await adapter.jetstream().publish("yingda.contact.received.web", body, stream="CONTACTS", timeout=60)
        event = await heard.next_msg(READY_SECONDS)
        assert from_json(event.data)["data"]["source_id"] == "web/shop/one"
        return event.subject


async def one_leads(cluster: Cluster, wanted: Mapping[str, str]) -> bool:
    """Whether one node answers for a consumer without a backlog; others may still work when the work order is open."""
    return [await leads(node, wanted) for node in cluster.nodes].count(True) == 1


async def leads(node: Node, wanted: Mapping[str, str]) -> bool:
    """Whether this node answers for a consumer, and that nothing waits for it, asked and read as KEDA does it."""
    query = urlencode({"acc": wanted["account"], "consumers": "true", "config": "true"})
    told = await node.ask(f"/jsz?{query}")
    return any(
        consumer["cluster"]["leader"] == node.name and consumer["num_pending"] == 0
        for account in told.get("account_details", ())
        if account["name"] == wanted["account"]
        for stream in account["stream_detail"]
        if stream["name"] == wanted["stream"]
        for consumer in stream["consumer_detail"]
        if consumer["name"] == wanted["consumer"]
    )


@asynccontextmanager
async def user(cluster: Cluster, name: str) -> AsyncIterator[Client]:
    """Yield a connection as a user of NATS, with the key that was made for it."""
    url = ",".join(f"nats://{LOOPBACK}:{node.client_port}" for node in cluster.nodes)
    seed = cluster.folder / "secrets" / "nats" / f"{name}.nk"
    client = await connect(load_settings({"YINGDA_NATS_URL": url, "YINGDA_NATS_NKEY_FILE": str(seed)}), name)
    try:
        yield client
    finally:
        await client.close()
