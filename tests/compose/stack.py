"""`deploy/compose.yaml` as somebody who runs it sees it: its commands, its containers, its ports and its bus."""

import json
import secrets
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.bus.settle import settle
from tests.compose.standins import CLASSIC_BUILDER, REPOSITORY
from tests.e2e.suite import Event, envelope, matches
from tests.polling import until

COMPOSE_FILE: Final = REPOSITORY / "deploy" / "compose.yaml"
SERVICES: Final = ("intake", "routing", "sla", "notify", "feedback")
RUN_HERE: Final = (*SERVICES, "nats", "postgres", "prometheus", "alertmanager")
"""Everything but Grafana and the mail catcher, of which there is no stand-in; what they depend on comes by itself."""
COMMAND_SECONDS: Final = 900
READY_SECONDS: Final = 300
ANY_PORT: Final = {
    f"YINGDA_{name}_PUBLISH": "127.0.0.1:" for name in ("SURVEY", "PROMETHEUS", "ALERTMANAGER", "GRAFANA", "MAIL")
}


class ComposeError(AssertionError):
    """A command of compose has failed."""


def compose_command() -> tuple[str, ...] | None:
    """Return how compose is called on this machine, v2 before 1.29; None where it has neither."""
    if (
        shutil.which("docker")
        and not subprocess.run(["docker", "compose", "version"], check=False, capture_output=True).returncode
    ):
        return ("docker", "compose")
    return ("docker-compose",) if shutil.which("docker-compose") else None


class Stack:
    """One project of compose with a name, and ports, of its own."""

    def __init__(self, **settings: str) -> None:
        self.project = f"yingda-test-{secrets.token_hex(3)}"
        self._command = (*(compose_command() or ()), "-f", str(COMPOSE_FILE))
        others = {k: v for k, v in CLASSIC_BUILDER.items() if not k.startswith("YINGDA_")}
        mine = {"COMPOSE_PROJECT_NAME": self.project, "YINGDA_NATS_PUBLISH": f"127.0.0.1:{_free_port()}"}
        self._environment = others | ANY_PORT | mine | settings

    def compose(self, *arguments: str, given: str | None = None) -> str:
        """Run a command of compose; return what it printed; `ComposeError` with all it said where it fails."""
        done = subprocess.run(
            [*self._command, *arguments],
            env=self._environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )
        if done.returncode:
            raise ComposeError(f"{' '.join(arguments)}: {done.stdout}\n{done.stderr}\n{self.state()}")
        return done.stdout

    def up(self, *options: str) -> float:
        """Start everything that can run here; return the seconds until every container is healthy."""
        began = time.monotonic()
        self.compose("up", "-d", *options, *RUN_HERE)
        return time.monotonic() - began

    def down(self, *options: str) -> None:
        """Stop and remove all containers and networks; with `-v` the volumes too."""
        self.compose("down", "--remove-orphans", *options)

    def tool(self, *arguments: str, given: str | None = None) -> str:
        """Run a one-shot service with its arguments; return what it printed."""
        return self.compose("run", "--rm", "-T", *arguments, given=given)

    def containers(self, service: str | None = None) -> list[dict[str, Any]]:
        """Return what the engine knows of every container of the project, or of one service, one-shots too."""
        chosen = [f"label=com.docker.compose.project={self.project}"]
        chosen += [f"label=com.docker.compose.service={service}"] if service else []
        ids = docker("ps", "-aq", *(part for one in chosen for part in ("--filter", one))).split()
        found: list[dict[str, Any]] = json.loads(docker("inspect", *ids)) if ids else []
        return [one for one in found if one["Config"]["Labels"].get("com.docker.compose.oneoff") != "True"]

    def one(self, service: str) -> dict[str, Any]:
        """Return the only container of a service."""
        (found,) = self.containers(service)
        return found

    def address(self, service: str, port: int) -> str:
        """Return where this machine reaches a published port."""
        return self.compose("port", service, str(port)).strip()

    def url(self, service: str, port: int, path: str) -> str:
        """Return the URL of a path there."""
        return f"http://{self.address(service, port)}{path}"

    def leftovers(self) -> dict[str, list[str]]:
        """Return the containers, networks and volumes that carry the project's name."""
        mine = ("--filter", f"label=com.docker.compose.project={self.project}")
        return {
            "containers": docker("ps", "-aq", *mine).split(),
            "networks": docker("network", "ls", "-q", *mine).split(),
            "volumes": docker("volume", "ls", "-q", *mine).split(),
        }

    def state(self) -> str:
        """Return a line for each container, and the last lines of those that do not work, for a failed test."""
        lines = []
        for container in self.containers():
            state, name = container["State"], container["Name"]
            health = state.get("Health", {}).get("Status", "no health check")
            lines.append(
                f"{name}: {state['Status']} ({state['ExitCode']}), {health}, {container['RestartCount']} restarts"
            )
            if health != "healthy" and (state["ExitCode"] or state["Status"] != "exited"):
                said = subprocess.run(
                    ["docker", "logs", "--tail", "12", name], capture_output=True, text=True, check=False
                )
                lines.append(said.stdout + said.stderr)
        return "\n".join(lines)

    async def healthy(self, *services: str, count: int = 1, seconds: float = READY_SECONDS) -> None:
        """Return when each of `services`, all for none, has `count` containers and their health checks hold."""

        def fine() -> bool:
            found = {name: self.containers(name) for name in services or RUN_HERE}
            return all(len(some) == count and all(map(_is_healthy, some)) for some in found.values())

        try:
            await until(fine, seconds, every=0.5, said=f"{', '.join(services) or 'everything'} is healthy")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.state()}") from None


class Outside:
    """Those who reach the bus from outside the containers: the adapter of a channel, and a desk."""

    def __init__(self, adapter: Client, desk: Client) -> None:
        self.adapter = adapter
        self.desk = desk
        self.events: list[Event] = []

    async def hear(self, message: Msg) -> None:
        self.events.append(json.loads(message.data))

    async def publish(self, contact: dict[str, Any], identity: str) -> None:
        """Publish a contact of the web channel; it is on the stream on return."""
        body = envelope(contact, "web", identity)
        await self.adapter.jetstream().publish("yingda.contact.received.web", body, stream="CONTACTS")

    async def event(self, kind: str, /, seconds: float = 60, **fields: Any) -> Event:
        """Return the first event of `kind` whose data has `fields`, waiting for it."""

        def heard() -> Event | None:
            return next((event for event in self.events if matches(event, kind, fields)), None)

        await until(heard, seconds, said=f"{kind} {fields}, among {len(self.events)} events")
        found = heard()
        assert found is not None
        return found


def docker(*arguments: str) -> str:
    """Run a command of the engine; return what it printed."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS)
    assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def get_json(url: str) -> Any:
    """Return what a server of the stack answers."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def _is_healthy(container: Mapping[str, Any]) -> bool:
    state = container["State"]
    return bool(state["Status"] == "running" and state.get("Health", {}).get("Status") == "healthy")


def _free_port() -> int:
    """Return a port of this machine that nobody uses: one that the engine chooses would change with a restart."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@asynccontextmanager
async def outside(stack: Stack) -> AsyncIterator[Outside]:
    """Yield an adapter of the web channel and a desk, with the keys that `prepare` made for them."""
    options: dict[str, Any] = {"max_reconnect_attempts": -1, "reconnect_time_wait": 0.2}
    server = f"nats://{stack.address('nats', 4222)}"
    clients = []
    try:
        for user in ("adapter_web", "desk"):
            seed = stack.tool("prepare", "show", f"keys/nats/{user}.nk").strip()
            clients.append(await nats.connect(server, nkeys_seed_str=seed, inbox_prefix=f"_INBOX.{user}", **options))
        found = Outside(*clients)
        await clients[1].subscribe("yingda.event.>", cb=found.hear)
        await settle(clients[1])
        yield found
    finally:
        for client in clients:
            await client.close()
