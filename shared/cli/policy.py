"""`yingda policy check FILE` and `yingda policy show`."""

import sys
from pathlib import Path
from typing import Annotated

import typer
import yaml

from shared.cli.environment import settings_of
from shared.cli.errors import CliError, WrongUse
from shared.cli.output import print_json
from shared.policy import Policy, PolicyFileError, load_policy

policy = typer.Typer(help="Check and show the policy.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.add_typer(policy, name="policy")


@policy.callback()
def _group() -> None:
    """Check and show the policy: every figure and table of the service handbook."""


@policy.command("check")
def check(file: Annotated[Path, typer.Argument(help="A policy file.")]) -> None:
    """Say every fault of a policy file with its line, or that it has none."""
    if not file.is_file():
        raise WrongUse(f"there is no file {file}")
    checked = _load(file)
    print(f"{file} is ok: its version is {checked.policy_version}")


@policy.command("show")
def show(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of YAML.")] = False) -> None:
    """Print the policy in force: the file that YINGDA_POLICY names, else the default policy."""
    file = settings_of().policy
    if file is not None and not file.is_file():
        raise WrongUse(f"YINGDA_POLICY names {file}, and there is no such file")
    wanted = _load(file)
    if as_json:
        print_json({"policy_version": wanted.policy_version} | wanted.plain)
    else:
        print(f"# policy_version: {wanted.policy_version}")
        yaml.safe_dump(wanted.plain, sys.stdout, allow_unicode=True, sort_keys=False, width=120)


def _load(file: Path | None) -> Policy:
    try:
        return load_policy(file)
    except PolicyFileError as error:
        raise CliError("\n".join(map(str, error.faults))) from error
