"""`yingda bench`: how fast the suite is on this machine."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
import uvloop

from shared.cli.environment import settings_of
from shared.cli.errors import CliError
from shared.cli.output import warn

Wanted = Literal["throughput", "latency", "deadlines", "growth", "idle", "all"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bench")(bench)


def bench(
    part: Annotated[Wanted, typer.Argument(help="What to measure.")] = "all",
    size: Annotated[
        float, typer.Option(min=0.001, max=10, help="Share of the whole measurement: 0.1 is a tenth of it.")
    ] = 1.0,
    json_file: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write the JSON there, and print only the table."),
    ] = None,
    targets: Annotated[bool, typer.Option("--targets", help="Exit with 1 where a target is missed.")] = False,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where its servers keep their data; else .yingda/bench.")
    ] = None,
) -> None:
    """Measure this machine with servers of its own: JSON on standard output, a table on standard error.

    Takes about half an hour as a whole. Leave the machine alone meanwhile: what others used is told, and makes noise.
    """
    from rich.console import Console  # noqa: PLC0415 (slow to import, as is what measures)

    from shared.bench.report import print_report  # noqa: PLC0415 (same)
    from shared.bench.run import PARTS, run_bench  # noqa: PLC0415 (same)

    directory = settings_of().data / "bench" if data is None else data
    _writable(json_file)
    parts = list(PARTS) if part == "all" else [part]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:  # the client is to cost the suite little
        run = loop.run(run_bench(parts, size, directory.absolute(), warn))
    text = run.model_dump_json(indent=1)
    if json_file is None:
        print(text)
    else:
        json_file.write_text(f"{text}\n", encoding="utf-8")
    to = sys.stdout if json_file is not None else sys.stderr
    print_report(run, Console(file=to, width=None if to.isatty() else 120, highlight=False))
    missed = [verdict for verdict in run.targets if not verdict.met]
    if targets and missed:
        raise CliError("missed: " + "; ".join(verdict.sentence for verdict in missed))


def _writable(file: Path | None) -> None:
    """Find out now, not in half an hour, that the file cannot be written."""
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    except OSError as error:
        raise CliError(f"the figures cannot be written to {file}: {error.strerror}") from error
