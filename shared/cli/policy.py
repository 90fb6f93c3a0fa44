"""`yingda policy check FILE`, `yingda policy show`, `yingda policy reload` and `yingda policy simulate NEW`."""

import sys
from pathlib import Path
from typing import Annotated

import typer
import yaml

from shared.cli.output import print_json
from shared.cli.policy_files import check_plugins, let_services_judge, policy_in_force, read_policy
from shared.cli.policy_reload import reload
from shared.cli.simulate import simulate

policy = typer.Typer(help="Check, show and rehearse the policy.", rich_markup_mode=None)
policy.command("simulate")(simulate)
policy.command("reload")(reload)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.add_typer(policy, name="policy")


@policy.callback()
def _group() -> None:
    """Check, show and rehearse the policy: every figure and table of the service handbook."""


@policy.command("check")
def check(file: Annotated[Path, typer.Argument(help="A policy file.")]) -> None:
    """Say every fault of a policy file with its line, and what the installed services lack for it, or that it has none."""
    wanted = read_policy(file)
    check_plugins(file, wanted)
    let_services_judge(wanted)
    print(f"{file} is ok: its version is {wanted.policy_version}")


@policy.command("show")
def show(as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of YAML.")] = False) -> None:
    """Print the policy in force: the file that YINGDA_POLICY names, else the default policy."""
    wanted = policy_in_force()
    if as_json:
        print_json({"policy_version": wanted.policy_version} | wanted.plain)
    else:
        print(f"# policy_version: {wanted.policy_version}")
        yaml.safe_dump(wanted.plain, sys.stdout, allow_unicode=True, sort_keys=False, width=120)
