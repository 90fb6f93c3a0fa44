"""`yingda dlq`: what could not be read or handled is listed, shown, replayed, discarded, and its history told (R-IN-08)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.cli import letter_history as history
from shared.cli import letter_replay, letter_settle, letters
from shared.cli.connection import DataOption, client_settings, database, nats_client
from shared.cli.dlq_options import ByOption, ConfirmOption, DryRunOption, Filters, JsonOption, SinceOption, filtered
from shared.cli.dlq_print import print_acts, print_done, print_groups, print_letters
from shared.cli.errors import CliError, WrongUse
from shared.cli.letter_choice import actor_of, chosen, no_filters
from shared.cli.letter_edit import corrected_bodies, given_bodies
from shared.cli.letter_selection import moment
from shared.cli.output import print_json
from shared.settings import Settings

T = TypeVar("T")

dlq = typer.Typer(rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.add_typer(dlq, name="dlq")


@dlq.callback()
def _group() -> None:
    """List, show, replay and discard dead letters: messages that could not be read or handled.

    The same filters choose letters everywhere. At 3 am: `dlq list --group`, then `dlq show EXAMPLE`, mend the cause, then
    `dlq replay --cause CAUSE --dry-run`.
    """


@dlq.command("list")
@filtered
def list_command(
    filters: Filters,
    state: Annotated[str, typer.Option(help="open, replayed, discarded or all.")] = letters.OPEN,
    everything: Annotated[bool, typer.Option("--all", help="The same as --state all.")] = False,
    group: Annotated[
        bool, typer.Option("--group", help="One line for each cause: how many, since when, one of them.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many, the latest.")] = 200,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """List the open dead letters with their reasons, or by cause with --group."""
    wanted = filters.selection("all" if everything else state)
    found = asyncio.run(_with_database(data, lambda engine: letters.list_letters(engine, wanted)))
    if group:
        print_groups(found, as_json=as_json)
    else:
        print_letters(found, limit, as_json=as_json)


@dlq.command("show")
@filtered
def show(
    filters: Filters,
    state: Annotated[str, typer.Option(help="open, replayed, discarded or all; with ids all.")] = "",
    data: DataOption = None,
) -> None:
    """Print dead letters as JSON, one a line, with their raw bodies; `replay --from` takes such lines, corrected."""
    letter_ids = filters.letter_ids or ()
    wanted = filters.selection(state or ("all" if letter_ids else letters.OPEN))
    if not wanted.is_bulk and not letter_ids:
        raise WrongUse("name the dead letters to show, by ids or by filters")
    found = asyncio.run(_with_database(data, lambda engine: letters.list_letters(engine, wanted, with_bodies=True)))
    missing = set(letter_ids) - {letter.id for letter in found}
    if missing and not wanted.filters:
        raise WrongUse(f"there is no dead letter {min(missing)}")
    for letter in found:
        print_json(letter.to_json(with_body=True))


@dlq.command("replay")
@filtered
def replay(
    filters: Filters,
    edit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Send this instead: a whole message, or a contact alone.")
    ] = None,
    editor: Annotated[bool, typer.Option("-e", "--editor", help="Correct it in $VISUAL or $EDITOR first.")] = False,
    corrections: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Lines of `dlq show`, with corrected bodies.")
    ] = None,
    dry_run: DryRunOption = False,
    confirm: ConfirmOption = None,
    by: ByOption = None,
    data: DataOption = None,
) -> None:
    """Publish dead letters again, to be handled now. What has had its effect already has no second one.

    With ids, letters that were replayed before are replayed again; with filters only open ones are, after a count to
    confirm.
    """
    wanted = filters.selection(letters.OPEN)
    given = given_bodies(filters.letter_ids or (), edit=edit, editor=editor, corrections=corrections)
    if given:
        wanted = replace(wanted, ids=tuple(given))
    settings = client_settings(data)

    async def work() -> letter_replay.Done | None:
        async with database(settings) as engine:
            ids = await chosen(engine, wanted, "replay", dry_run=dry_run, confirm=confirm)
            bodies = await corrected_bodies(engine, {key: text for key, text in given.items() if key in ids})
            if not ids:
                return None
            async with nats_client(settings) as client:
                actor, again = actor_of(by, wanted), not wanted.is_bulk
                return await letter_replay.replay_letters(engine, client, ids, actor, bodies=bodies, again=again)

    _tell(asyncio.run(work()), "replayed")


@dlq.command("discard")
@filtered
def discard(
    filters: Filters,
    why: Annotated[str, typer.Option("--reason", help="Why nobody needs them.")],
    dry_run: DryRunOption = False,
    confirm: ConfirmOption = None,
    by: ByOption = None,
    data: DataOption = None,
) -> None:
    """Mark dead letters as dealt with; they are kept, with who did it and why."""
    _require_reason(why)
    wanted = filters.selection(letters.OPEN)

    async def work(engine: AsyncEngine) -> letter_replay.Done | None:
        ids = await chosen(engine, wanted, "discard", dry_run=dry_run, confirm=confirm)
        return await letter_settle.discard_letters(engine, ids, why, actor_of(by, wanted)) if ids else None

    _tell(asyncio.run(_with_database(data, work)), "discarded")


@dlq.command("reopen")
def reopen(
    letter_ids: Annotated[list[str], typer.Argument(metavar="ID", help="As `dlq list --state discarded` shows them.")],
    why: Annotated[str, typer.Option("--reason", help="Why somebody needs them after all.")],
    by: ByOption = None,
    data: DataOption = None,
) -> None:
    """Make discarded dead letters open again, to be replayed."""
    _require_reason(why)
    wanted = no_filters(letter_ids)

    async def work(engine: AsyncEngine) -> letter_replay.Done:
        return await letter_settle.reopen_letters(engine, wanted.ids, why, actor_of(by, wanted))

    _tell(asyncio.run(_with_database(data, work)), "open again")


@dlq.command("history")
def history_command(
    letter_id: Annotated[str | None, typer.Argument(metavar="ID", help="Only what was done to this one.")] = None,
    by: Annotated[str | None, typer.Option(help="Only what this person did.")] = None,
    since: SinceOption = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many acts, the latest.")] = 200,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Tell who replayed, corrected, discarded or reopened which dead letter, when and why."""
    begin = moment(since) if since else None
    found = asyncio.run(
        _with_database(data, lambda engine: history.read(engine, letter_id, by=by, since=begin, limit=limit))
    )
    print_acts(found, as_json=as_json)


async def _with_database(data: Path | None, work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    settings: Settings = client_settings(data)
    async with database(settings) as engine:
        return await work(engine)


def _tell(outcome: letter_replay.Done | None, done: str) -> None:
    """Print what was done; `CliError` where something was not."""
    if outcome is None:
        return
    print_done(outcome.done, done)
    if outcome.left:
        first = next(iter(outcome.left.values()))
        more = f", and {len(outcome.left) - 1} more were left as they are" if len(outcome.left) > 1 else ""
        raise CliError(f"{first}{more}")


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise WrongUse("--reason must say why")
