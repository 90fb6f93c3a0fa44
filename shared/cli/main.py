"""The console script `yingda`: finds the command, runs it, and turns every error into one sentence and an exit code."""

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import entry_points, version

import typer
from typer.exceptions import TyperException

from shared.cli.errors import CliError, WrongUse
from shared.cli.output import warn
from shared.settings import SettingsError

COMMANDS = {
    "up": "shared.cli.up",
    "run": "shared.cli.run",
    "adapter": "shared.cli.adapter",
    "provision": "shared.cli.provision",
    "demo": "shared.cli.demo",
    "contact": "shared.cli.contact",
    "events": "shared.cli.events",
    "workorder": "shared.cli.workorder",
    "command": "shared.cli.command",
    "policy": "shared.cli.policy",
    "dlq": "shared.cli.dlq",
    "replay": "shared.cli.replay",
    "reconcile": "shared.cli.reconcile",
    "backup": "shared.cli.backup",
    "restore": "shared.cli.restore",
    "doctor": "shared.cli.doctor",
    "bench": "shared.cli.bench",
    "attachment": "shared.cli.attachment",
    "plugins": "shared.cli.plugins",
    "plugin": "shared.cli.plugin",
    "deploy": "shared.cli.deploy",
}
"""Each command and the module whose `register(app)` adds it; a module is imported only when its command is wanted."""
COMMAND_GROUP = "yingda.commands"
"""Entry points of typer apps that installed packages add as commands of their own."""
INTERRUPTED = 130


def main() -> None:
    """Run the command line of this process and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code: 0 done, 1 a fault, 2 wrong use. Never raises an error."""
    debug = "--debug" in arguments
    wanted = [argument for argument in arguments if argument != "--debug"] or ["--help"]
    try:
        code = build(wanted)(wanted, prog_name="yingda", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader (`head`, `less`) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 (the one place where every error becomes a sentence)
        if debug:
            traceback.print_exc()
        warn(sentence(error))
        return _exit_code(error)
    return code if isinstance(code, int) else 0


def build(arguments: Sequence[str]) -> typer.Typer:
    """Return the typer app with the command that `arguments` name, or with all where they name none."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.callback()(_root)
    wanted = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name in [wanted] if wanted in COMMANDS else COMMANDS:
        import_module(COMMANDS[name]).register(app)
    if wanted not in COMMANDS:
        _add_installed(app)
    return app


def sentence(error: Exception) -> str:
    """Return what `error` says as one line."""
    text = error.format_message() if isinstance(error, TyperException) else str(error)
    if isinstance(error, CliError):
        return text
    return " ".join(text.split()) or f"{type(error).__name__} without a message"


def _exit_code(error: Exception) -> int:
    if isinstance(error, SettingsError):
        return WrongUse.exit_code
    return error.exit_code if isinstance(error, CliError | TyperException) else CliError.exit_code


def _add_installed(app: typer.Typer) -> None:
    """Add the commands of installed packages; a broken one is told and left out."""
    for point in sorted(entry_points(group=COMMAND_GROUP)):
        try:
            app.add_typer(point.load(), name=point.name)
        except Exception as error:  # noqa: BLE001 (a stranger's module may raise anything)
            warn(f"the command {point.name} ({point.value}) is left out, it does not load: {error}")


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"yingda {version('yingda')}")
        raise typer.Exit


def _root(
    _version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
    ),
    _debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
) -> None:
    """Yingda (应答): the event-driven backbone of a customer-service department."""


if __name__ == "__main__":
    main()
