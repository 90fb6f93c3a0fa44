"""The configuration that the ConfigMaps bring is one from which the real server starts, alone and as a cluster of three."""

import asyncio
import os
import re
import subprocess
from functools import partial
from pathlib import Path

import pytest

from shared.testing.embedded_nats import nats_binary
from tests.deploy.credentials import files_of, fill, printed
from tests.deploy.nats_nodes import running_nodes, write_files
from tests.deploy.overlays import OVERLAYS, config_map, containers_of, environment, of_kind
from tests.polling import until


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the script of the credentials makes for the servers."""
    folder = tmp_path_factory.mktemp("credentials") / "secrets"
    fill(folder)
    (found,) = [one for one in printed(folder) if one["metadata"]["name"] == "nats-users"]
    return files_of(found)


def files(name: str, users: dict[str, str]) -> dict[str, str]:
    """Return what the container finds in /etc/nats."""
    return config_map(name, "nats") | config_map(name, "nats-node") | users


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_server_accepts_the_configuration(name: str, users: dict[str, str], tmp_path: Path) -> None:
    conf = write_files(tmp_path, files(name, users))
    checked = subprocess.run(
        [nats_binary(), "-t", "-c", conf],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"POD_NAME": "nats-0"},
    )
    assert checked.returncode == 0, checked.stderr
    assert "sync_interval: always" in "".join(files(name, users).values())


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_container_starts_what_is_mounted_and_serves_its_ports(name: str, users: dict[str, str]) -> None:
    stateful = of_kind(name, "StatefulSet")["nats"]
    (container,) = containers_of(stateful)
    assert container["command"] == ["nats-server", "--config", "/etc/nats/nats.conf"]
    assert "POD_NAME" in {one["name"] for one in container["env"]}
    assert "GOMEMLIMIT" in environment(name, container)
    text = "".join(files(name, users).values())
    told = {key: int(value) for key, value in re.findall(r"^ *(port|http_port): (\d+)", text, flags=re.MULTILINE)}
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    assert told["http_port"] == ports["monitor"]
    assert {ports["client"]} <= {int(found) for found in re.findall(r"^port: (\d+)", text, flags=re.MULTILINE)}
    assert re.search(r"store_dir: (/\w+)/", text).group(1) in {m["mountPath"] for m in container["volumeMounts"]}  # type: ignore[union-attr]


async def test_three_nodes_find_one_another_and_one_leaves_as_before_an_update(
    users: dict[str, str], tmp_path: Path
) -> None:
    stateful = of_kind("scaled-out", "StatefulSet")["nats"]
    async with running_nodes(
        tmp_path, files("scaled-out", users), stateful["spec"]["replicas"], stateful["spec"]["serviceName"]
    ) as nodes:
        for node in nodes:
            told = await node.ask("/varz")
            assert told["server_name"] == node.name
            assert not told.get("connect_urls"), "clients keep to the names; KEDA then asks the routes"
            assert len(told["cluster"]["urls"]) == len(nodes)

        async def together() -> bool:
            return bool((await nodes[0].ask("/jsz")).get("meta_cluster", {}).get("cluster_size") == len(nodes))

        await until(together, 60, said="all are of one cluster")

        hook = containers_of(stateful)[0]["lifecycle"]["preStop"]["exec"]["command"]
        signal = hook[1].replace("/run/nats/nats.pid", str(nodes[0].pid_file))
        assert await (await asyncio.create_subprocess_exec(nats_binary(), signal)).wait() == 0
        log = tmp_path / nodes[0].name / "nats.log"
        await until(lambda: "lame duck mode" in log.read_text(encoding="utf-8"), 60)

        async def well(path: str) -> bool:
            return (await nodes[1].ask(path)).get("status") == "ok"

        # The one that leaves may have led the others, which choose another then.
        for path in ("/healthz", "/healthz?js-server-only=true", "/healthz?js-enabled-only=true"):
            await until(partial(well, path), 60, said=f"the others go on: {path}")
