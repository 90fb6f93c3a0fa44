"""The command: the suite on a fast clock, the day on top of it, progress while it runs, a table at the end."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import nats
import typer
from nats.aio.client import Client
from rich.console import Console

from shared.bus.settle import settle
from shared.bus.streams import CONTACTS
from shared.cli.demo.day import END, SPEED, START, arrivals
from shared.cli.demo.staff import Staff
from shared.cli.demo.tally import Tally
from shared.cli.environment import settings_of
from shared.cli.errors import CliError
from shared.cli.output import warn
from shared.cli.supervisor import Suite
from shared.clock import SystemClock, sleep_until
from shared.rehearsal import clock_of
from shared.settings import Settings

PROGRESS_SECONDS = 5.0
QUIET_SECONDS = 1.0
MARK = "demo"
"""A file in the data folder that tells that a demo may throw it away."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the demo keeps its data; else .yingda/demo.")
    ] = None,
    speed: Annotated[int, typer.Option(min=1, max=3600, help="How many times as fast as real time.")] = SPEED,
    seed: Annotated[int, typer.Option(help="Another seed, another day.")] = 1,
) -> None:
    """Rehearse a working day: about 60 contacts, staff who answer them, deadlines, notices, callbacks, knowledge.

    Everything is real but the clock: NATS, PostgreSQL and all services run while it lasts, and none afterwards.
    """
    directory = settings_of().data / "demo" if data is None else data
    asyncio.run(_demo(directory, f"{START.isoformat()}@{speed}", seed))


async def _demo(directory: Path, clock_spec: str, seed: int) -> None:
    console = Console(highlight=False, soft_wrap=True)
    began = time.monotonic()
    _make_room(directory)
    console.print("starting NATS, PostgreSQL and the services ...")
    async with Suite(directory, {"YINGDA_CLOCK": clock_spec}, tell=warn) as suite:
        console.print(f"ready after {time.monotonic() - began:.1f} s; Monday 2026-11-23 begins at 09:00\n")
        settings = Settings(
            nats_url=suite.endpoints.nats_url, database_url=suite.endpoints.database_url, clock=clock_spec
        )
        clock = await clock_of(settings)
        tally = Tally()
        async with _client(settings.nats_url, clock, tally, seed) as (client, staff):
            await _day(client, staff, clock, tally, console)
    console.print()
    console.print(tally.tables())
    for refusal in staff.refused:
        console.print(f"refused: {refusal}", markup=False)
    number = next(iter(tally.numbers), "NUMBER")
    console.print(
        f"\n{staff.commands} commands of staff, {time.monotonic() - began:.0f} s in all; nothing is left running.\n"
        f"What would have been sent:  {directory}/messages/\n"
        f"Logs of the services:       {directory}/logs/\n"
        f"The way of one work order:  yingda up --data {directory}   and beside it\n"
        f"                            yingda workorder show {number} --data {directory}",
        markup=False,
    )


def _make_room(directory: Path) -> None:
    """Leave an empty folder: what an earlier demo kept there goes, anything else is refused."""
    if directory.exists() and any(directory.iterdir()):
        if not (directory / MARK).exists():
            raise CliError(f"{directory} is not empty and no earlier demo made it: name another folder with --data")
        if (directory / "endpoints.json").exists():
            raise CliError(f"a suite is running in {directory}: stop it first, or name another folder with --data")
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / MARK).write_text("yingda demo may delete this folder\n", encoding="utf-8")


@asynccontextmanager
async def _client(url: str, clock: SystemClock, tally: Tally, seed: int) -> AsyncIterator[tuple[Client, Staff]]:
    client = await nats.connect(url, name="yingda-demo")
    staff = Staff(client, clock, seed, END)
    await client.subscribe("yingda.event.>", cb=tally.see)
    await client.subscribe("yingda.event.>", cb=staff.see)
    await settle(client)
    try:
        yield client, staff
    finally:
        await client.close()


async def _day(client: Client, staff: Staff, clock: SystemClock, tally: Tally, console: Console) -> None:
    """Return when the last contact has come in, the staff has gone home, and the services have finished."""
    progress = asyncio.create_task(_progress(clock, tally, console))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_adapters(client, clock))
            group.create_task(staff.work())
        await _drained(tally)
    finally:
        progress.cancel()


async def _adapters(client: Client, clock: SystemClock) -> None:
    never = asyncio.Event()
    for arrival in arrivals():
        await sleep_until(clock, arrival.at, never)
        await client.jetstream().publish(
            f"yingda.contact.received.{arrival.channel}",
            arrival.body,
            stream=CONTACTS.name,
            timeout=5,
        )


async def _drained(tally: Tally) -> None:
    """Return when no event has come for a moment."""
    seen = -1
    while seen != tally.events:
        seen = tally.events
        await asyncio.sleep(QUIET_SECONDS)


async def _progress(clock: SystemClock, tally: Tally, console: Console) -> None:
    while True:
        await asyncio.sleep(PROGRESS_SECONDS)
        local = clock.now().astimezone(START.tzinfo)
        console.print(f"[bold]{local:%H:%M}[/bold]  {tally.progress()}")
