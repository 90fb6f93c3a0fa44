"""`yingda provision`: makes the servers agree with the code; safe to repeat."""

import asyncio
from typing import Annotated

import typer

from shared.cli.connection import DataOption, client_settings, database, nats_client
from shared.cli.errors import WrongUse
from shared.cli.services import load_services
from shared.clock import ClockError, parse_clock
from shared.provision import provision
from shared.rehearsal import restart_clock
from shared.service import Service
from shared.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("provision")(provision_command)


def provision_command(
    services: Annotated[list[str] | None, typer.Argument(metavar="SERVICE...", help="Only for these services.")] = None,
    begin_rehearsal: Annotated[
        bool, typer.Option("--begin-rehearsal", help="Let the clock of YINGDA_CLOCK begin now, while no service runs.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Create or update streams, consumers, schemas and roles; safe to repeat."""
    work = prepare(client_settings(data), load_services(services or None), begin_rehearsal=begin_rehearsal)
    for change in asyncio.run(work) or ["everything is as the services need it"]:
        print(change)


async def prepare(settings: Settings, services: list[Service], *, begin_rehearsal: bool) -> list[str]:
    """Provision for `services`; return what changed. `begin_rehearsal` lets the clock of `YINGDA_CLOCK` begin now."""
    try:
        rehearsal = parse_clock(settings.clock)
    except ClockError as error:
        raise WrongUse(str(error)) from error
    async with database(settings, patient=True) as engine, nats_client(settings) as client:
        changes = await provision(
            engine,
            client,
            services,
            replicas=settings.stream_replicas,
            keep_days=settings.keep_days,
            records_days=settings.records_days,
            passwords=settings.role_passwords,
        )
        if begin_rehearsal and rehearsal is not None:
            async with engine.begin() as connection:
                await restart_clock(connection, settings.clock)
    return changes
