"""`yingda deploy`: what a deployment on servers of its own needs before it starts; no server is asked."""

from pathlib import Path
from typing import Annotated

import typer

from shared.cli.environment import running_settings
from shared.cli.errors import CliError
from shared.cli.installed import service_names
from shared.permissions import installed_users
from shared.permissions.secrets_folder import SecretsFolder, SecretsFolderError
from shared.permissions.server_config import permissions_text
from shared.plugins import PluginError
from shared.policy import load_policy

app = typer.Typer(no_args_is_help=True, help="What a deployment on servers of its own needs before it starts.")


def register(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app, name="deploy")


@app.callback()
def deploy() -> None:
    """Prepare a deployment; no server is asked."""


@app.command("secrets")
def secrets_command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where the secrets are kept.")],
    rotate: Annotated[
        list[str] | None, typer.Option(metavar="USER", help="A second key for this NATS user; repeatable.")
    ] = None,
    retire: Annotated[
        list[str] | None, typer.Option(metavar="USER", help="Take the first key of this NATS user out; repeatable.")
    ] = None,
    rotate_password: Annotated[
        list[str] | None, typer.Option(metavar="SERVICE", help="A new password for this service's role; repeatable.")
    ] = None,
) -> None:
    """Make the keys of the NATS users and the passwords of the services' roles; what is there stays.

    Each secret is a file that only its owner can read. `nats/users.conf` names the public keys for the NATS server.
    """
    folder = SecretsFolder(directory, [user.name for user in installed_users()], service_names())
    try:
        changes = folder.complete()
        for user in rotate or ():
            changes += folder.rotate_key(user)
        for user in retire or ():
            changes += folder.retire_key(user)
        for service in rotate_password or ():
            changes += folder.rotate_password(service)
    except (SecretsFolderError, OSError) as error:
        raise CliError(str(error)) from error
    for change in changes or ["everything is there"]:
        print(change)


@app.command("permissions")
def permissions_command() -> None:
    """Print what NATS lets each user do, its permissions.conf: adapters publish as YINGDA_POLICY configures them."""
    settings = running_settings()
    try:
        print(permissions_text(installed_users(load_policy(settings.policy))), end="")
    except PluginError as error:
        raise CliError(str(error)) from error
