"""`yingda contact send CHANNEL FILE`: publishes contacts as a channel adapter does."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from shared.bus.publish import Publisher, PublishError
from shared.bus.streams import CONTACTS
from shared.cli.connection import DataOption, client_settings, nats_client
from shared.cli.contact_file import read_contacts
from shared.cli.errors import CliError, WrongUse
from shared.settings import Settings

contact = typer.Typer(help="Publish contacts.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.add_typer(contact, name="contact")


@contact.callback()
def _group() -> None:
    """Publish contacts."""


@contact.command("send")
def send(
    channel: Annotated[str, typer.Argument(help="The channel, as in `web`, `phone` or `email`.")],
    file: Annotated[Path, typer.Argument(help="A JSON object, a CloudEvents envelope, a list, JSON lines, or -.")],
    data: DataOption = None,
) -> None:
    """Publish one contact or many in one commit, and print the source id of each.

    An id comes from the envelope or the field `id`; else it is derived from the content, so that sending a file twice
    registers its contacts once.
    """
    asyncio.run(_send(client_settings(data), channel, _content(file)))


async def _send(settings: Settings, channel: str, content: str) -> None:
    outgoing = read_contacts(channel, content)
    async with nats_client(settings) as client:
        try:
            await Publisher(client, CONTACTS.name).publish(outgoing)
        except PublishError as error:
            raise CliError(f"the contacts may not have arrived, send the file again: {error}") from error
    for message in outgoing:
        print(message.message_id)


def _content(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise WrongUse(f"{file} cannot be read: it is not UTF-8") from error
    except OSError as error:
        raise WrongUse(f"{file} cannot be read: {error.strerror or type(error).__name__}") from error
