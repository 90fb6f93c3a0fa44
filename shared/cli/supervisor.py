"""Everything on one machine: both servers and every service, each a process, kept running until it is stopped."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from shared.cli.adapters import Wanted, gateway_environment
from shared.cli.endpoints import Endpoints, remove_endpoints, write_endpoints
from shared.cli.environment import DATA_VARIABLE, DATABASE_VARIABLE, NATS_VARIABLE, running_settings
from shared.cli.errors import CliError, WrongUse
from shared.cli.installed import service_names
from shared.cli.keeping import keep
from shared.cli.log_files import appending, last_line, rotate
from shared.cli.nursery_client import NurseryClient
from shared.cli.policy_in_force import PolicyInForce, Reloaded, in_order
from shared.cli.service_process import ServiceProcess
from shared.cli.survey import URL_VARIABLE, survey_environment
from shared.testing.embedded import DataDirectoryInUseError, EmbeddedNats, EmbeddedPostgres, EmbeddedServers
from shared.testing.embedded_lock import DirectoryLock
from shared.testing.lifetime import Lifetime

if TYPE_CHECKING:
    from shared.policy import Policy

START_SECONDS = 60.0
SURVEYING = "feedback"
"""The service that serves the survey page."""
SERVERS = ("nats", "postgres", "nursery", "provision", "policy")
INTAKE = "intake"
"""The service that takes what the adapters bring; where it does not run here, neither do they."""


def quiet(_sentence: str) -> None:
    """Tell nobody."""


class Suite(Lifetime):
    """The whole suite with its data in `data_dir`: ready inside `async with`; after it, every process of it is gone.

        async with Suite(directory, {"YINGDA_CLOCK": "2026-11-23T10:00:00+08:00@3600"}) as suite:
            suite.endpoints.nats_url
            await suite.kill("sla")         # kill -9; it is started again
            await suite.ready("sla")

    `env` is laid over the environment of this process. NATS and PostgreSQL are started here unless the environment
    names them. `services` are all installed ones when None. `tell` receives a sentence for whatever goes wrong.
    `start_seconds` is how long all may take to be ready; None waits for ever, while what fails is told and repeated.
    """

    def __init__(
        self,
        data_dir: Path,
        env: Mapping[str, str] | None = None,
        *,
        services: Sequence[str] | None = None,
        tell: Callable[[str], None] = quiet,
        start_seconds: float | None = START_SECONDS,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self._env = {**(env or {}), DATA_VARIABLE: str(self.data_dir)}
        self._names = tuple(services) if services is not None else service_names()
        self._tell = tell
        self._start_seconds = start_seconds
        self._lock = DirectoryLock(self.data_dir)
        given = os.environ | self._env
        self._given_nats, self._given_database = given.get(NATS_VARIABLE), given.get(DATABASE_VARIABLE)
        self.servers = EmbeddedServers(self.data_dir, nats_url=self._given_nats, database_url=self._given_database)
        self._nursery = NurseryClient(self._log("nursery"), self._names, os.environ | self._env)
        self._services: dict[str, ServiceProcess] = {}
        self._ready: dict[str, asyncio.Event] = {}
        self._keeping: dict[str, asyncio.Task[None]] = {}
        self._locked = False
        self._complete = False
        self._survey: Mapping[str, str] = {}
        self._gateway: Mapping[str, str] = {}
        self._wanted = Wanted()
        self._attempted: dict[str, asyncio.Event] = {}
        self._policy = PolicyInForce(None, self.data_dir)
        self._reloading = asyncio.Lock()

    @property
    def endpoints(self) -> Endpoints:
        """Where everything can be reached now; of a service that is being restarted, where it was."""
        running = [service for service in self._services.values() if service.metrics_url and service.pid]
        return Endpoints(
            self.servers.nats_url,
            self.servers.database_url.replace("postgresql+asyncpg://", "postgresql://", 1),
            {service.name: service.metrics_url or "" for service in running},
            {service.name: service.pid or 0 for service in running},
            self._survey.get(URL_VARIABLE) if SURVEYING in self._names else None,
            None if self._given_nats else self.servers.nats.monitoring_url,
            {name: self._services[name].address or "" for name in self._wanted.names if self._is_reached(name)},
        )

    def _is_reached(self, adapter: str) -> bool:
        service = self._services.get(adapter)
        return service is not None and service.address is not None

    @property
    def pids(self) -> Mapping[str, int]:
        """The process ids of the services and adapters."""
        return self.endpoints.pids

    async def kill(self, service: str) -> None:
        """End the service as `kill -9` does; it is gone on return and will be started again (see `ready`)."""
        self._ready[service].clear()
        await self._services[service].kill()

    async def ready(self, *services: str) -> None:
        """Return when the `services` are ready, all for none named."""
        for name in services or tuple(self._ready):
            await self._ready[name].wait()

    async def reload_policy(self) -> Reloaded:
        """Let every service take the policy file as it is now, those first who hear of new names; tell what came of it.

        A file with a fault, or one that a service could not work by, changes nothing.
        """
        async with self._reloading:
            try:
                version = await self._take_policy()
            except CliError as error:
                outcome = Reloaded.now(f"the policy in force stays: {error}", ok=False)
            else:
                outcome = Reloaded.now(f"the policy {version} is in force", ok=True)
            outcome.write(self.data_dir)
            self._tell(outcome.said)
            return outcome

    async def stop(self) -> None:
        """Stop the services, then the servers; no process and no endpoints file is left, whatever interrupts this."""
        ending = asyncio.ensure_future(self._stop())
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            await ending
            raise

    async def start(self) -> None:
        """Every service is ready on return; `CliError` says what is in the way."""
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            await self._lock.acquire()
        except DataDirectoryInUseError as error:
            raise CliError(str(error)) from error
        except OSError as error:
            raise CliError(f"the data directory {self.data_dir} cannot be used: {error.strerror or error}") from error
        self._locked = True
        remove_endpoints(self.data_dir)
        settings = running_settings(self._env)
        self._policy = PolicyInForce(settings.policy, self.data_dir)
        if self._policy.file is not None:
            policy = self._policy.read()  # what is wrong is told before anything starts
            self._policy.adopt(policy)
            self._wanted = self._adapters_of(policy)
        self._survey = survey_environment(self.data_dir, settings)
        self._gateway = gateway_environment(self.data_dir, settings)
        (self.data_dir / "logs").mkdir(exist_ok=True)
        await self._nursery.start()  # imports the services while the servers start
        await self.servers.start()
        await self._provision()
        self._keep_all()
        await self._all_ready()
        self._complete = True
        self._write()

    def _environment(self) -> dict[str, str]:
        """Return what is laid over the environment of this process for every service."""
        return {
            **self._env,
            **self._survey,
            **self._gateway,
            **self._policy.environment(),
            NATS_VARIABLE: self.servers.nats_url,
            DATABASE_VARIABLE: self.servers.database_url,
            "YINGDA_METRICS_PORT": "0",  # several services share this machine
        }

    async def _provision(self) -> None:
        await self._run("provision", ["provision", "--begin-rehearsal", *self._names])

    async def _run(self, name: str, arguments: Sequence[str]) -> None:
        """Run one command to its end; `CliError` with its last words where it fails."""
        log = self._log(name)
        rotate(log)
        with appending(log) as fd:
            begin = os.fstat(fd).st_size
            process = await self._nursery.fork(arguments, self._environment(), [fd, self._lock.fd])
        code = await process.wait()
        if code != 0:
            raise (WrongUse if code == WrongUse.exit_code else CliError)(last_line(log, begin))

    async def _take_policy(self) -> str:
        """Return the version that all services work by now; `CliError` says why they keep the former one."""
        policy = await asyncio.to_thread(self._policy.read)  # a calendar of a plugin may take its time
        wanted = self._adapters_of(policy)
        await self._run("policy", ["policy", "check", str(self._policy.file)])  # the services judge it, too
        self._policy.adopt(policy)
        for name in in_order(self._names):
            await self._services[name].take_policy(policy.policy_version)
        await self._adapt(wanted)
        return policy.policy_version

    def _adapters_of(self, policy: "Policy") -> Wanted:
        """Return the adapters that `policy` wants beside the services that run here; `CliError` for an impossible name."""
        wanted = Wanted.by(policy) if INTAKE in self._names else Wanted()
        if taken := sorted({*wanted.names} & {*self._names, *SERVERS}):
            raise CliError(f"an adapter cannot be called {taken[0]}: something else of the suite is")
        return wanted

    async def _adapt(self, wanted: Wanted) -> None:
        """Let the adapters be those that are `wanted`: others end, new ones begin, the rest reads the policy again."""
        former, self._wanted = self._wanted, wanted
        for name in set(former.names) - set(wanted.names):
            self._keeping[name].cancel()
            await asyncio.gather(self._keeping.pop(name), return_exceptions=True)
            await self._services.pop(name).stop()
            del self._ready[name], self._attempted[name]
        for name in wanted.names:
            if name not in former.names:
                self._keep_adapter(name)
            elif wanted.settings != former.settings:
                self._services[name].hang_up()
        self._write()

    def _keep_all(self) -> None:
        for name in self._names:
            self._keep_process(name, "run")
        for name in self._wanted.names:
            self._keep_adapter(name)
        if not self._given_nats:
            self._keep("nats", self.servers.nats.start, partial(_server_ended, self.servers.nats))
        if not self._given_database:
            self._keep("postgres", self.servers.postgres.start, partial(_server_ended, self.servers.postgres))

    def _keep_process(self, name: str, command: str) -> None:
        service = ServiceProcess(name, self._log(name), self._nursery, self._lock.fd, command)
        self._services[name], self._ready[name] = service, asyncio.Event()
        self._keep(name, partial(self._start_service, name), partial(self._service_ended, name))

    def _keep_adapter(self, name: str) -> None:
        self._attempted[name] = asyncio.Event()
        self._keep_process(name, "adapter")

    def _log(self, name: str) -> Path:
        return self.data_dir / "logs" / f"{name}.log"

    def _keep(self, name: str, start: Callable[[], Awaitable[None]], ended: Callable[[], Awaitable[str]]) -> None:
        self._keeping[name] = asyncio.create_task(keep(name, start, ended, self._tell), name=f"keep-{name}")

    async def _start_service(self, name: str) -> None:
        try:
            await self._services[name].start(self._environment())
            self._ready[name].set()
        finally:
            if name in self._attempted:
                self._attempted[name].set()
        self._write()

    async def _service_ended(self, name: str) -> str:
        how = await self._services[name].ended()
        self._ready[name].clear()
        return how

    def _write(self) -> None:
        """Keep the file current; it appears when everything is ready for the first time."""
        if self._complete:
            write_endpoints(self.data_dir, self.endpoints)

    async def _all_ready(self) -> None:
        try:
            async with asyncio.timeout(self._start_seconds):
                await self.ready(*self._names)
                for attempted in tuple(self._attempted.values()):  # one that cannot start is told, and tried again
                    await attempted.wait()
        except TimeoutError:
            late = ", ".join(name for name, event in self._ready.items() if not event.is_set())
            raise CliError(
                f"not ready after {self._start_seconds:g} s: {late} (see {self.data_dir / 'logs'})"
            ) from None

    async def _stop(self) -> None:
        for keeper in self._keeping.values():
            keeper.cancel()
        await asyncio.gather(*self._keeping.values(), return_exceptions=True)
        await asyncio.gather(*(service.stop() for service in self._services.values()))
        await self._nursery.stop()
        await self.servers.stop()
        if self._locked:
            remove_endpoints(self.data_dir)
            self._lock.release()


async def _server_ended(server: EmbeddedNats | EmbeddedPostgres) -> str:
    return f"ended with exit code {await server.wait()}"
