"""`yingda doctor`: checks settings, policy, plugins, servers and backlogs; a plain sentence for each fault."""

import asyncio
import http.client
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import nats.errors
import typer
from nats.aio.client import Client
from nats.js.errors import NotFoundError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.cli.connection import DataOption, client_settings, database, nats_client
from shared.cli.endpoints import read_endpoints
from shared.cli.errors import CliError, WrongUse
from shared.cli.findings import Finding, load_all, plugin_findings, policy_findings
from shared.provision import NotProvisionedError, check
from shared.service import Service
from shared.settings import Settings

BACKLOG_LIMIT = 1_000
OUTBOX_SECONDS = 60
PARKED_SECONDS = 300
PROBE_SECONDS = 5.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(data: DataOption = None) -> None:
    """Check everything; print a sentence for each fault and each warning. Exit code 1 where there is a fault."""
    try:
        settings = client_settings(data)
    except WrongUse as error:
        raise CliError(str(error)) from error
    found = asyncio.run(examine(settings))
    for finding in found:
        print(finding.text if finding.is_fault else f"warning: {finding.text}")
    if any(finding.is_fault for finding in found):
        raise typer.Exit(1)
    print("no fault found")


async def examine(settings: Settings) -> list[Finding]:
    """Return everything that is wrong, in the order in which it should be dealt with."""
    services, found = load_all()
    found += policy_findings(settings, datetime.now(UTC).date())
    found += plugin_findings()
    try:
        async with database(settings) as engine:
            found += [finding async for finding in _bus(settings, engine, services)]
            found += [finding async for finding in _tables(engine, services)]
    except CliError as error:
        found.append(Finding(str(error)))
        found += [finding async for finding in _bus(settings, None, services)]
    found += await asyncio.to_thread(lambda: [*_probes(settings), *survey_findings(settings)])
    return found


async def _bus(settings: Settings, engine: AsyncEngine | None, services: list[Service]) -> AsyncIterator[Finding]:
    """Yield what is wrong with NATS and with what `yingda provision` makes."""
    try:
        async with nats_client(settings) as client:
            try:
                await client.jetstream().account_info()
            except (nats.errors.Error, TimeoutError):
                yield Finding("NATS runs without JetStream: start it with `jetstream` in its configuration")
                return
            for service in services:
                if engine is not None:
                    async for finding in _provisioned(engine, client, service):
                        yield finding
                async for finding in _backlog(client, service):
                    yield finding
    except CliError as error:
        yield Finding(str(error))


async def _provisioned(engine: AsyncEngine, client: Client, service: Service) -> AsyncIterator[Finding]:
    async with engine.connect() as connection:
        try:
            await check(connection, client, service)
        except NotProvisionedError as error:
            yield Finding(f"{service.name}: {error}")


async def _backlog(client: Client, service: Service) -> AsyncIterator[Finding]:
    try:
        info = await client.jetstream().consumer_info(service.stream.name, service.name)
    except NotFoundError:
        return  # told by the check of what is provisioned
    waiting = info.num_pending or 0
    if waiting > BACKLOG_LIMIT:
        yield Finding(f"{service.name} is behind: {waiting} messages of {service.stream.name} wait for it")


async def _tables(engine: AsyncEngine, services: list[Service]) -> AsyncIterator[Finding]:
    """Yield what the services' own tables tell: events not published, events that wait, dead letters."""
    for service in services:
        name, tables = service.name, service.tables
        outbox, parked, letters = tables.outbox, tables.parked, tables.dead_letters
        now = func.clock_timestamp()
        async with engine.connect() as connection:
            if not await connection.scalar(select(func.to_regclass(letters.fullname).is_not(None))):
                continue  # told by the check of what is provisioned
            unsent = select(func.extract("epoch", now - func.min(outbox.c.created_at))).where(
                outbox.c.sent_at.is_(None)
            )
            age = await connection.scalar(unsent)
            waiting = await connection.scalar(select(func.extract("epoch", now - func.min(parked.c.parked_at))))
            query = select(func.count()).select_from(letters).where(letters.c.state == "open")
            dead = await connection.scalar(query) or 0
        if age is not None and age > OUTBOX_SECONDS:
            yield Finding(f"{name} has not published an event for {age:.0f} s: see its log, and that NATS has room")
        if waiting is not None and waiting > PARKED_SECONDS:
            yield Finding(
                f"{name} waits {waiting:.0f} s for an earlier event of a work order: `yingda replay` sends it"
            )
        if dead:
            yield Finding(
                f"{name} has dead letters that nobody has dealt with ({dead}): see `yingda dlq list --service {name}`"
            )


def _probes(settings: Settings) -> Iterator[Finding]:
    """Yield every service of the suite in the data directory that is not ready."""
    endpoints = read_endpoints(settings.data)
    for name, url in (endpoints.metrics if endpoints else {}).items():
        try:
            with urllib.request.urlopen(url.replace("/metrics", "/readyz"), timeout=PROBE_SECONDS):  # noqa: S310 (ours)
                continue
        except urllib.error.HTTPError as error:
            yield Finding(f"{name} is {error.read().decode(errors='replace').strip()}")
        except OSError:
            yield Finding(f"{name} does not run, although {settings.data} has a suite")


def survey_findings(settings: Settings) -> Iterator[Finding]:
    """Yield that customers cannot reach the survey page of the suite in the data directory."""
    endpoints = read_endpoints(settings.data)
    if endpoints is None or endpoints.survey is None:
        return
    try:
        with urllib.request.urlopen(f"{endpoints.survey}/robots.txt", timeout=PROBE_SECONDS):  # noqa: S310 (http or https)
            return
    except (OSError, http.client.HTTPException):
        yield Finding(
            f"the survey page does not answer at {endpoints.survey}: see YINGDA_SURVEY_URL and feedback's log"
        )
