"""Policy files as the command line reads them: every fault becomes one line of an error."""

from pathlib import Path

from shared.cli.environment import settings_of
from shared.cli.errors import CliError, WrongUse
from shared.policy import Policy, PolicyFileError, load_policy


def policy_in_force() -> Policy:
    """Return the policy that YINGDA_POLICY names, else the default policy."""
    file = settings_of().policy
    if file is not None and not file.is_file():
        raise WrongUse(f"YINGDA_POLICY names {file}, and there is no such file")
    return _load(file)


def read_policy(file: Path) -> Policy:
    """Return the policy of `file`; `CliError` says every fault with its line."""
    if not file.is_file():
        raise WrongUse(f"there is no file {file}")
    return _load(file)


def _load(file: Path | None) -> Policy:
    try:
        return load_policy(file)
    except PolicyFileError as error:
        raise CliError("\n".join(map(str, error.faults))) from error
