"""`yingda plugins`: the plugins found, their kind, package, version and state."""

from dataclasses import asdict
from typing import Annotated

import typer

from shared.cli.output import print_json, print_table
from shared.plugins import inspect


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("plugins")(plugins)


def plugins(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the plugins that are installed and whether they load."""
    found = inspect()
    if as_json:
        print_json([asdict(plugin) for plugin in found])
    else:
        columns = ("kind", "name", "api", "package", "version", "state", "summary")
        print_table(columns, [tuple(asdict(plugin)[column] for column in columns) for plugin in found])
    if any(plugin.state != "ok" for plugin in found):
        raise typer.Exit(1)
