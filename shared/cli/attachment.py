"""`yingda attachment get SHA --out FILE`: gets a file out that came with a contact; it is written, never opened."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from shared.attachments import AttachmentError, AttachmentStore, Held
from shared.attachments.reference import URI
from shared.cli.connection import DataOption, client_settings, nats_client
from shared.cli.errors import CliError, WrongUse
from shared.settings import Settings

attachment = typer.Typer(help="Files that came with contacts.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.add_typer(attachment, name="attachment")


@attachment.callback()
def _group() -> None:
    """Files that came with contacts."""


@attachment.command("get")
def get(
    sha256: Annotated[str, typer.Argument(help="The `sha256` or the `uri` of the attachment, as the contact has it.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write it; must not be there yet.")],
    data: DataOption = None,
) -> None:
    """Write one attachment to FILE, for its owner only and not executable, and print its type and size."""
    held = asyncio.run(_held(client_settings(data), sha256.removeprefix(URI)))
    _write(out, held.content)
    print(f"{out}: {held.media_type}, {held.size:,} bytes")


async def _held(settings: Settings, sha256: str) -> Held:
    async with nats_client(settings) as client:
        try:
            return await AttachmentStore(client).get(sha256)
        except AttachmentError as error:
            raise CliError(str(error)) from error


def _write(path: Path, content: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise WrongUse(f"{path} is there already, and nothing is written over") from None
    except OSError as error:
        raise WrongUse(f"{path} cannot be written: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
