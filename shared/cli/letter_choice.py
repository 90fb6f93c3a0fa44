"""Which letters an act is for, and whether the operator means so many of them."""

import getpass
import os
import sys

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.cli.dlq_print import print_groups
from shared.cli.errors import CliError, WrongUse
from shared.cli.letter_history import Actor
from shared.cli.letter_selection import Selection
from shared.cli.letters import list_letters


async def chosen(
    engine: AsyncEngine, selection: Selection, act: str, *, dry_run: bool, confirm: int | None
) -> list[str]:
    """Return the ids of the letters to `act` on; none where this is only a look, or nothing is left to do.

    Letters that are named one by one need no confirmation. Those chosen by filters are counted: `confirm` must be that
    count, or the operator types it. `CliError` where it is another, `WrongUse` where nothing says which are meant.
    """
    if selection.ids and not selection.is_bulk and not dry_run:
        return list(selection.ids)
    if not selection.ids and not selection.filters:
        raise WrongUse(f"name the dead letters to {act}, by ids or by filters as in --cause or --service")
    found = await list_letters(engine, selection)
    if not found:
        print(f"no open dead letter is chosen by {selection.filters or 'these ids'}; nothing to {act}")
        return []
    print_groups(found, as_json=False)
    if dry_run:
        print(f"{len(found)} dead letters would be meant; to {act} them: the same with --confirm {len(found)}")
        return []
    if selection.is_bulk:
        _require_confirmation(len(found), act, confirm)
    return [letter.id for letter in found]


def actor_of(by: str | None, selection: Selection) -> Actor:
    """Return who acts, by the operating system's user and the name that was given, and what chose the letters."""
    return Actor(f"{by} ({user()})" if by else user(), selection.filters or None)


def no_filters(ids: list[str]) -> Selection:
    """Return the selection of exactly these letters, whatever became of them."""
    return Selection(ids=tuple(ids))


def user() -> str:
    """Return the name of the operating system's user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run as a user without a name
        return f"uid {os.getuid()}"


def _require_confirmation(count: int, act: str, confirm: int | None) -> None:
    if confirm is None and sys.stdin.isatty():
        confirm = typer.prompt(f"To {act} {count} dead letters, type their number", type=int)
    if confirm is None:
        raise WrongUse(f"{count} dead letters are meant: to {act} them, repeat this with --confirm {count}")
    if confirm != count:
        raise CliError(f"{count} dead letters are meant and not {confirm}: nothing was done")
