"""`yingda run SERVICE`: one service in the foreground, what a container and `yingda up` run."""

import asyncio
import gc
import os
import threading

import typer
import uvloop

from shared.cli.environment import running_settings
from shared.cli.errors import CliError
from shared.cli.preload import preload
from shared.ending import GONE_SECONDS

COLLECT_AFTER = (50_000, 20, 20)
"""Objects, and collections, after which the collector looks again. A batch makes tens of thousands that live until its
commit and form no cycles: with Python's own 700 a service spends an eighth of its time on looking through them."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(service: str = typer.Argument(help="Name of an installed service.")) -> None:
    """Run one service in the foreground until SIGTERM or Ctrl-C."""
    settings = running_settings()
    preload()
    from shared import runner  # noqa: PLC0415 (after what it must not bring along)
    from shared.cli.services import load_service  # noqa: PLC0415 (same)

    wanted = load_service(service)
    gc.freeze()  # what was imported stays to the end
    gc.set_threshold(*COLLECT_AFTER)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(runner.run(wanted, settings, on_end=_gone_in_time))


def _gone_in_time() -> None:
    """See to it that this process ends, even where a thread or a call into C does not let it."""
    last = threading.Timer(GONE_SECONDS, os._exit, (CliError.exit_code,))
    last.daemon = True
    last.start()
