"""`yingda plugin new KIND NAME`: a package for a plugin of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from shared.cli.errors import WrongUse


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(help="Write a plugin of your own (docs/plugins.md).", no_args_is_help=False)
    commands.callback()(_plugin)
    commands.command("new")(new)
    app.add_typer(commands, name="plugin")


def _plugin() -> None:
    """Write a plugin of your own (docs/plugins.md)."""


def new(
    kind: Annotated[str, typer.Argument(help="Kind of plugin, as `channel` or `transport`.")],
    name: Annotated[str, typer.Argument(help="Its name in the policy file: a-z, 0-9 and _, as `fax`.")],
    into: Annotated[Path, typer.Option("--into", help="Directory in which the package's folder is made.")] = Path(),
) -> None:
    """Write a package that works as it stands, with tests; nothing that is there is changed."""
    from shared.scaffold import Names, ScaffoldError, write  # noqa: PLC0415 (slow to import)

    try:
        names = Names.checked(kind, name)
        folder = write(names, into)
    except ScaffoldError as error:
        raise WrongUse(str(error)) from error
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        print(file)
