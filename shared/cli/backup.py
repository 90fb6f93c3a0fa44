"""`yingda backup DIR`: everything that the services keep, of one moment, beside running services."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from shared.cli.connection import DataOption, client_settings, database, nats_client
from shared.cli.errors import CliError
from shared.cli.output import print_json
from shared.cli.servers import servers_for
from shared.cli.services import load_services
from shared.cli.survey import KEY_FILE
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.backup import Manifest

OTHERS: Final = (KEY_FILE,)
"""Files of a suite on one machine that belong to its data: without the key, links that were sent are dead."""

Where = Annotated[Path, typer.Argument(metavar="DIR", help="The directory of the backup.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print what it holds as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backup")(backup)


def backup(directory: Where, as_json: AsJson = False, data: DataOption = None) -> None:
    """Write streams and tables into a new directory, of one moment, beside running services."""
    from shared.backup import BackupError, back_up  # noqa: PLC0415 (slow to import)

    async def run(settings: Settings) -> "Manifest":
        async with servers_for(settings) as found, database(found) as engine, nats_client(found) as client:
            others = [settings.data / name for name in OTHERS]
            return await back_up(engine, client, load_services(), directory, others)

    try:
        manifest = asyncio.run(run(client_settings(data)))
    except BackupError as error:
        raise CliError(str(error)) from error
    if as_json:
        print_json(manifest.model_dump(mode="json"))
    else:
        print(f"{told(manifest)}, in {directory}")


def told(manifest: "Manifest") -> str:
    """Return what a backup holds, in words."""
    from shared.backup.manifest import moment  # noqa: PLC0415 (slow to import)

    messages = sum(stream.messages for stream in manifest.streams) + manifest.tail.messages
    size = sum(kept.bytes for kept in manifest.files)
    return (
        f"{manifest.rows} rows of {len(manifest.tables)} tables and {messages} messages as of {moment(manifest.at)}, "
        f"{size / 1e6:.1f} MB"
    )
