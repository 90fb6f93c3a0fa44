"""`yingda plugins`: the plugins found, their kind, version and state."""

from dataclasses import asdict
from typing import Annotated

import typer

from shared.cli.environment import settings_of
from shared.cli.output import print_json, print_table
from shared.cli.policy_files import policy_in_force

COLUMNS = ("kind", "name", "state", "api", "package", "version", "summary")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("plugins")(plugins)


def plugins(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the plugins that are installed or that the policy names; exit code 1 where one of these cannot be used.

    Those that the policy does not name are listed without being imported.
    """
    from shared.cli.services import load_services  # noqa: PLC0415 (slow: the services' own code)
    from shared.inventory import OUT, inventory  # noqa: PLC0415 (same)

    found = inventory(policy_in_force(), settings_of(), load_services())
    if as_json:
        print_json([asdict(entry) for entry in found])
    else:
        print_table(COLUMNS, [tuple(_shown(asdict(entry)[column]) for column in COLUMNS) for entry in found])
        for entry in found:
            if entry.state in OUT:
                print(f"{entry.kind} {entry.name}: {entry.why}")
    if any(entry.state in OUT for entry in found):
        raise typer.Exit(1)


def _shown(value: object) -> str:
    return "-" if value is None else str(value)
