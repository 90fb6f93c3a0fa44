"""`yingda dlq list / show / replay / discard`: what could not be read or handled (R-IN-08)."""

import asyncio
import getpass
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from nats.aio.client import Client
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.cli import letters
from shared.cli.connection import DataOption, client_settings, database, nats_client
from shared.cli.errors import WrongUse
from shared.cli.output import print_json, print_table
from shared.settings import Settings
from shared.times import rfc3339

T = TypeVar("T")
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `dlq list` shows it: SERVICE:N.")]

dlq = typer.Typer(help="Deal with dead letters.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.add_typer(dlq, name="dlq")


@dlq.callback()
def _group() -> None:
    """List, show, replay and discard dead letters: messages that could not be read or handled."""


@dlq.command("list")
def list_command(
    service: Annotated[str | None, typer.Option(help="Only those of this service.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that were replayed or discarded.")] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """List the open dead letters with their reasons."""
    state = None if everything else letters.OPEN
    found = asyncio.run(_with_database(data, lambda engine: letters.list_letters(engine, service, state)))
    if as_json:
        print_json([letter.to_json() for letter in found])
        return
    columns = ("id", "received", "state", "subject", "message", "reason")
    rows = [(x.id, rfc3339(x.received_at), x.state, x.subject, x.message_id, x.reason) for x in found]
    print_table(columns, rows)


@dlq.command("show")
def show(letter_id: IdArgument, data: DataOption = None) -> None:
    """Print one dead letter as JSON, with its raw body."""
    letters.split_id(letter_id)
    letter = asyncio.run(_with_database(data, lambda engine: letters.load_letter(engine, letter_id)))
    print_json(letter.to_json(with_body=True))


@dlq.command("replay")
def replay(
    letter_ids: Annotated[list[str], typer.Argument(metavar="ID...", help="As `dlq list` shows them: SERVICE:N.")],
    edit: Annotated[Path | None, typer.Option(metavar="FILE", help="Send this body instead of the kept one.")] = None,
    data: DataOption = None,
) -> None:
    """Publish dead letters again, to be handled now; one of them may be corrected with --edit."""
    body = _edited(letter_ids, edit)
    asyncio.run(_replay(client_settings(data), letter_ids, body))


@dlq.command("discard")
def discard(
    letter_id: IdArgument,
    reason: Annotated[str, typer.Option(help="Why nobody needs it.")],
    data: DataOption = None,
) -> None:
    """Mark a dead letter as dealt with; it is kept, with who did it and why."""
    if not reason.strip():
        raise WrongUse("--reason must say why")
    letters.split_id(letter_id)
    asyncio.run(_with_database(data, lambda engine: letters.discard_letter(engine, letter_id, reason, user())))
    print(f"{letter_id} is discarded")


async def _replay(settings: Settings, letter_ids: list[str], body: bytes | None) -> None:
    engine: AsyncEngine
    client: Client
    async with database(settings) as engine, nats_client(settings) as client:
        for letter_id in letter_ids:
            await letters.replay_letter(engine, client, letter_id, body, user())
            print(f"{letter_id} is replayed")


async def _with_database(data: Path | None, work: Callable[[AsyncEngine], Awaitable[T]]) -> T:
    async with database(client_settings(data)) as engine:
        return await work(engine)


def _edited(letter_ids: list[str], edit: Path | None) -> bytes | None:
    for letter_id in letter_ids:
        letters.split_id(letter_id)
    if edit is None:
        return None
    if len(letter_ids) > 1:
        raise WrongUse("--edit corrects one dead letter at a time")
    try:
        body = edit.read_bytes()
    except OSError as error:
        raise WrongUse(f"{edit} cannot be read: {error.strerror}") from error
    if not body.strip():
        raise WrongUse(f"{edit} is empty")
    return body


def user() -> str:
    """Return who acts: the name of the operating system's user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run as a user without a name
        return f"uid {os.getuid()}"
