"""`yingda reconcile`: holds the services' books against one another now, and names what is missing (guarantee 6)."""

import asyncio
import re
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import typer
from nats.aio.client import Client

from shared.cli.command import ask
from shared.cli.connection import DataOption, client_settings, nats_client
from shared.cli.errors import CliError, WrongUse
from shared.cli.output import print_json, print_table
from shared.clock import SystemClock, parse_clock
from shared.events.commands import RunReconciliation, SettleDifference, ShowReconciliation
from shared.ids import new_id
from shared.settings import Settings
from shared.times import parse_rfc3339, rfc3339

POLL_SECONDS: Final = 0.3
LONGEST_SECONDS: Final = 3_600.0
_SPAN: Final = re.compile(r"(\d+)([mhd])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("reconcile")(reconcile)


def reconcile(
    since: Annotated[
        str | None, typer.Option(help="How far to look back: 90m, 24h, 7d, or a moment with offset; else a day.")
    ] = None,
    last: Annotated[bool, typer.Option("--last", help="Show the last run instead of making one.")] = False,
    settle: Annotated[
        str | None, typer.Option(metavar="STAGE:NAME", help="Close a difference that will stay; with --reason.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why it will stay; kept with it.")] = None,
    by: Annotated[str, typer.Option(help="The member of staff who asks.")] = "service-supervisor",
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    data: DataOption = None,
) -> None:
    """Count contacts against work orders, clocks, notices and cases; exit 1 and the ids where something is missing."""
    settings = client_settings(data)
    if settle is not None:
        _settle(settings, settle, reason, by)
        return
    shown = asyncio.run(_run(settings, None if last else _moment(since, settings), by, last=last))
    run, differences = shown["run"], shown["differences"]
    if as_json:
        print_json(shown)
    elif run is None:
        print("no reconciliation has ended yet")
    else:
        _print(run, differences)
    if run is not None and "unanswered" in run:
        raise CliError(f"the books could not be held together: {run['unanswered']}")
    if differences:
        raise typer.Exit(1)


async def _run(settings: Settings, since: datetime | None, by: str, *, last: bool) -> Mapping[str, Any]:
    async with nats_client(settings) as client:
        if last:
            return await _show(client, None, by)
        asked: dict[str, Any] = {"command_id": new_id(), "by": by, "since": rfc3339(since) if since else None}
        run_id = (await ask(client, RunReconciliation.SUBJECT, asked))["run_id"]
        deadline = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < deadline:
            shown = await _show(client, run_id, by)
            if shown["run"]["ended_at"] is not None:
                return shown
            await asyncio.sleep(POLL_SECONDS)
    raise CliError(f"the run {run_id} has not ended within an hour; `yingda reconcile --last` shows it once it has")


async def _show(client: Client, run_id: str | None, by: str) -> Mapping[str, Any]:
    asked = {"command_id": new_id(), "by": by, "run_id": run_id}
    shown: Mapping[str, Any] = await ask(client, ShowReconciliation.SUBJECT, asked)
    return shown


def _settle(settings: Settings, place: str, reason: str | None, by: str) -> None:
    stage, _, name = place.partition(":")
    if not (stage and name):
        raise WrongUse(f'"{place}" is no STAGE:NAME, as the reconciliation prints it')
    if reason is None:
        raise WrongUse("a difference is closed only with a --reason")

    async def send() -> None:
        async with nats_client(settings) as client:
            asked = {"command_id": new_id(), "by": by, "stage": stage, "name": name, "reason": reason}
            await ask(client, SettleDifference.SUBJECT, asked)

    asyncio.run(send())
    print(f"{place} is settled")


def _print(run: Mapping[str, Any], differences: list[Mapping[str, Any]]) -> None:
    columns = ("stage", "checked", "found", "rejected", "dead_letters", "in_flight", "difference")
    print_table(
        [column.replace("_", " ") for column in columns],
        [[stage[column] for column in columns] for stage in run.get("stages", ())],
    )
    if run.get("settled") is False:
        print("not all services have done what was on its way: what they lack counts as in flight")
    for one in differences:
        print(f"missing: {one['stage']}:{one['name']} (found {one['found_at']})")
    if not differences and "stages" in run:
        print("nothing is missing")


def _moment(text: str | None, settings: Settings) -> datetime | None:
    """Return the moment that `text` names, by the clock that the services go by."""
    if text is None:
        return None
    span = _SPAN.fullmatch(text)
    if span is not None:
        if parse_clock(settings.clock) is not None:
            raise WrongUse("with a rehearsal clock, --since is a moment, as 2026-11-23T10:00:00+08:00")
        return SystemClock().now() - timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise WrongUse(f"--since: {text!r} is neither 90m, 24h or 7d nor a moment with offset") from error
