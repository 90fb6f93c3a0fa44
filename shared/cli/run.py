"""`yingda run SERVICE`: one service in the foreground, what a container and `yingda up` run."""

import asyncio

import typer
import uvloop

from shared import runner
from shared.cli.environment import running_settings
from shared.cli.services import load_service


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(service: str = typer.Argument(help="Name of an installed service.")) -> None:
    """Run one service in the foreground until SIGTERM or Ctrl-C."""
    settings = running_settings()
    wanted = load_service(service)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(runner.run(wanted, settings))
