"""`yingda adapter NAME`: one adapter in the foreground, what a container and `yingda up` run."""

import asyncio
import os
import threading

import typer
import uvloop

from shared.cli.environment import running_settings
from shared.cli.errors import CliError
from shared.cli.preload import lean_libraries
from shared.ending import GONE_SECONDS


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("adapter")(adapter)


def adapter(
    name: str = typer.Argument(help="Name of an adapter that the policy names, as `gateway` or `imap`."),
) -> None:
    """Run one adapter in the foreground until SIGTERM or Ctrl-C: it brings contacts in from the world."""
    lean_libraries()
    from shared.adapters import process  # noqa: PLC0415 (slow)
    from shared.plugins import PluginError  # noqa: PLC0415 (same)

    settings = running_settings()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
            loop.run(process.run(name, settings, on_end=_gone_in_time))
    except PluginError as error:
        raise CliError(str(error)) from error


def _gone_in_time() -> None:
    """See to it that this process ends, even where a thread or a call into C does not let it."""
    last = threading.Timer(GONE_SECONDS, os._exit, (CliError.exit_code,))
    last.daemon = True
    last.start()
