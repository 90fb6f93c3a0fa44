"""`deploy/compose.yaml` run for real: contacts in, events out, crashes, replicas, restarts; and what it leaves."""

import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.compose.stack import SERVICES, Outside, Stack, docker, get_json, outside
from tests.e2e.suite import contact
from tests.polling import until

pytestmark = [pytest.mark.slow_operations, pytest.mark.timeout(900)]

ONE_SHOTS = ("prepare", "provision")
_numbers = itertools.count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(stack: Stack) -> AsyncIterator[Outside]:
    """Those outside, once everything is ready."""
    await stack.healthy()
    async with outside(stack) as found:
        yield found


async def served(world: Outside) -> str:
    """Send a contact and wait until its customer has been told; return the number of its work order."""
    identity = f"compose-{next(_numbers)}"
    await world.publish(contact(), identity)
    opened = (await world.event("workorder.opened", source_id=f"web/shop/{identity}"))["data"]
    told = {"audience": "customer", "purpose": "accepted", "work_order_id": opened["work_order_id"]}
    await world.event("notification.sent", seconds=120, **told)
    number: str = opened["number"]
    return number


async def test_a_contact_becomes_a_work_order_and_its_customer_is_told(world: Outside) -> None:
    assert (await served(world)).startswith("XR")


async def test_what_runs_once_has_done_its_work(stack: Stack, world: Outside) -> None:
    for name in ONE_SHOTS:
        state = stack.one(name)["State"]
        assert (state["Status"], state["ExitCode"]) == ("exited", 0)
    assert "no fault found" in stack.tool("operations", "doctor")


async def test_prometheus_reads_every_target_and_knows_whom_to_tell(stack: Stack, world: Outside) -> None:
    prometheus = stack.url("prometheus", 9090, "/api/v1")

    def targets() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = get_json(f"{prometheus}/targets?state=active")["data"]["activeTargets"]
        return found

    await until(lambda: len(_up(targets())) == len(SERVICES) + 2, 90, every=1, said="every target is up")
    assert not [one for one in targets() if one["health"] != "up"]
    told = get_json(f"{prometheus}/alertmanagers")["data"]["activeAlertmanagers"]
    assert [one["url"] for one in told] == ["http://alertmanager:9093/api/v2/alerts"]
    assert get_json(f"{prometheus}/rules")["data"]["groups"]
    assert get_json(stack.url("alertmanager", 9093, "/api/v2/status"))["config"]["original"]


async def test_nobody_is_root_and_nobody_can_write_but_where_it_keeps_its_data(stack: Stack, world: Outside) -> None:
    for container in stack.containers():
        name, host = container["Name"], container["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert host["SecurityOpt"] == ["no-new-privileges:true"], name
        assert host["Memory"] > 0, name
        assert host["PidsLimit"] > 0, name
        if container["Config"]["Labels"]["com.docker.compose.service"] in ONE_SHOTS:
            continue
        status = dict(line.split(":\t") for line in _in(container, "cat /proc/1/status").splitlines() if ":\t" in line)
        assert "0" not in status["Uid"].split(), name
        assert (status["CapEff"], status["NoNewPrivs"]) == ("0" * 16, "1"), name
        assert _in(container, "touch /new 2>/dev/null || echo no") == "no\n", name


async def test_each_service_has_its_own_secrets_and_none_in_its_environment(stack: Stack, world: Outside) -> None:
    names = [name for name in stack.tool("prepare", "list").split() if not name.endswith(".conf")]
    everything = stack.tool("prepare", "show", *names).split()
    assert len(everything) == len(names)
    for service in SERVICES:
        container = stack.one(service)
        held = set(_in(container, "ls /run/secrets").split())
        surveys = {"yingda_survey_key"} if service in {"notify", "feedback"} else set()
        assert held == {f"{service}.nk", "yingda_database_password"} | surveys
        environment = "\n".join(container["Config"]["Env"])
        assert not [secret for secret in everything if secret in environment]


async def test_a_service_that_crashes_is_started_again_and_nothing_is_lost(stack: Stack, world: Outside) -> None:
    before = stack.one("routing")["RestartCount"]
    _in(stack.one("routing"), "kill -9 $(ls /proc | grep -E '^[0-9]+$' | sort -n | sed -n 2p)")
    await served(world)
    await stack.healthy("routing")
    assert stack.one("routing")["RestartCount"] == before + 1


async def test_a_service_that_was_killed_comes_back_with_up(stack: Stack, world: Outside) -> None:
    docker("kill", stack.one("intake")["Id"])
    stack.compose("up", "-d", "--no-deps", "--no-recreate", "intake")
    await served(world)
    await stack.healthy("intake")


async def test_three_of_routing_share_the_work_and_prometheus_finds_them(stack: Stack, world: Outside) -> None:
    stack.compose("up", "-d", "--no-deps", "--no-recreate", "--scale", "routing=3", "routing")
    await stack.healthy("routing", count=3)
    query = stack.url("prometheus", 9090, "/api/v1/query?query=sum(yingda_service_up%7Bservice%3D%22routing%22%7D)")

    def found() -> bool:
        result = get_json(query)["data"]["result"]
        return bool(result and result[0]["value"][1] == "3")

    await until(found, 90, every=1, said="Prometheus finds three")
    for _ in range(6):
        await served(world)
    stack.compose("up", "-d", "--no-deps", "--no-recreate", "--scale", "routing=1", "routing")
    await stack.healthy("routing")
    await served(world)


@pytest.mark.parametrize("server", ["nats", "postgres"])
async def test_everything_goes_on_after_a_restart_of_a_server(stack: Stack, world: Outside, server: str) -> None:
    restarts = {name: stack.one(name)["RestartCount"] for name in SERVICES}
    stack.compose("restart", server)
    await stack.healthy()
    await served(world)
    assert {name: stack.one(name)["RestartCount"] for name in SERVICES} == restarts


async def test_what_was_kept_is_there_after_down_and_up(stack: Stack, world: Outside) -> None:
    number = await served(world)
    messages = sent(stack)
    secrets = stack.tool("prepare", "show", "keys/nats/intake.nk")
    stack.compose("stop")
    ended = {name: stack.one(name)["State"]["ExitCode"] for name in (*SERVICES, "nats", "postgres")}
    assert set(ended.values()) == {0}, stack.state()
    stack.down()
    assert stack.leftovers()["containers"] == stack.leftovers()["networks"] == []
    stack.up()
    await stack.healthy()
    async with outside(stack) as later:
        asked = {"command_id": "compose-after", "by": "market-1", "number": number}
        reply = await later.desk.request("yingda.command.workorder.get", json.dumps(asked).encode(), timeout=10)
        assert json.loads(reply.data)["result"]["work_order"]["number"] == number
        await served(later)
    assert messages
    assert messages < sent(stack)
    assert stack.tool("prepare", "show", "keys/nats/intake.nk") == secrets


async def test_down_with_volumes_leaves_nothing(stack: Stack) -> None:
    stack.down("-v")
    assert stack.leftovers() == {"containers": [], "networks": [], "volumes": []}


def sent(stack: Stack) -> set[str]:
    """Return what the `file` transport took."""
    return set(_in(stack.one("notify"), "cat /var/lib/yingda/messages/*.jsonl").splitlines())


def _up(targets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in targets if one["health"] == "up"]


def _in(container: dict[str, Any], script: str) -> str:
    return docker("exec", container["Id"], "sh", "-c", script)
