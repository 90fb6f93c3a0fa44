"""`yingda restore DIR`: brings a backup onto empty servers."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli.backup import OTHERS, AsJson, Where, told
from shared.cli.connection import DataOption, client_settings, database, nats_client
from shared.cli.errors import CliError
from shared.cli.output import print_json
from shared.cli.servers import servers_for
from shared.cli.services import load_services
from shared.settings import Settings

if TYPE_CHECKING:
    from shared.backup import Restored


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("restore")(restore)


def restore(
    directory: Where,
    check: Annotated[bool, typer.Option("--check", help="Only see whether it is whole; ask no server.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Remove the streams that a restore has left which was broken off.")
    ] = False,
    as_json: AsJson = False,
    data: DataOption = None,
) -> None:
    """Bring a backup onto empty servers while no service runs: all of it, counted afterwards, or nothing."""
    from shared.backup import BackupError, examined  # noqa: PLC0415 (slow to import)
    from shared.backup import restore as bring_back  # noqa: PLC0415 (same)

    async def run(settings: Settings) -> "Restored":
        async with servers_for(settings) as found, database(found) as engine, nats_client(found) as client:
            replicas = found.stream_replicas or 1
            return await bring_back(engine, client, load_services(), directory, replicas=replicas, again=again)

    try:
        if check:
            manifest, told_again = examined(directory), 0
        else:
            settings = client_settings(data)
            restored = asyncio.run(run(settings))
            manifest, told_again = restored.manifest, restored.told_again
            _put_back(directory, settings.data)
    except BackupError as error:
        raise CliError(str(error)) from error
    if as_json:
        print_json(manifest.model_dump(mode="json"))
    elif check:
        print(f"{directory} is whole: {told(manifest)}")
    else:
        print(f"restored: {told(manifest)}")
        print(f"{told_again} rows of the outboxes will be told again; once the services run: `yingda reconcile`")


def _put_back(directory: Path, data: Path) -> None:
    """Bring the files of the data directory back that are not there."""
    for name in OTHERS:
        if (directory / name).is_file() and not (data / name).exists():
            descriptor = os.open(data / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write((directory / name).read_bytes())
