"""`yingda up`: everything on one machine until Ctrl-C."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Annotated

import typer

from shared.cli.environment import running_settings
from shared.cli.errors import WrongUse
from shared.cli.installed import service_names
from shared.cli.output import warn
from shared.cli.policy_in_force import Reloaded
from shared.cli.supervisor import Suite


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("up")(up)


def up(
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Directory for all data; else YINGDA_DATA, .yingda.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="SERVICE", help="Start only this service; repeatable.")
    ] = None,
) -> None:
    """Run everything on this machine: NATS and PostgreSQL (unless named by variables) and every service.

    Prints `ready` when all work, restarts what dies, and stops everything on Ctrl-C or SIGTERM.
    """
    unknown = sorted(set(only or ()) - set(service_names()))
    if unknown:
        raise WrongUse(f"there is no service {unknown[0]}; installed are {', '.join(service_names())}")
    asyncio.run(_up(running_settings().data if data is None else data, only or None))


async def _up(data: Path, services: list[str] | None) -> None:
    """Keep the suite running until a signal; further signals change nothing, the stop has its own limits of time.

    SIGHUP lets it take a new policy; where it comes because our terminal was closed, it ends everything.
    """
    in_terminal = _has_terminal()
    me = asyncio.current_task()
    asked: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        asked.append(number)
        if me is not None and len(asked) == 1:
            me.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    suite = Suite(data, services=services, tell=warn, start_seconds=None)
    reloads: set[asyncio.Task[Reloaded]] = set()

    def hang_up() -> None:
        if in_terminal and not _has_terminal():
            stop(signal.SIGHUP)
            return
        reloads.add(task := asyncio.create_task(suite.reload_policy()))
        task.add_done_callback(reloads.discard)

    loop.add_signal_handler(signal.SIGHUP, lambda: None if not in_terminal or _has_terminal() else stop(signal.SIGHUP))
    try:
        async with suite:
            loop.add_signal_handler(signal.SIGHUP, hang_up)
            print("ready", flush=True)
            await asyncio.Event().wait()
    except asyncio.CancelledError:
        if not asked:
            raise


def _has_terminal() -> bool:
    """Whether a terminal controls this process; after one was closed, none does."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
