"""Policy files as the command line reads them: every fault becomes one line of an error."""

from pathlib import Path

from shared.cli.environment import settings_of
from shared.cli.errors import CliError, WrongUse
from shared.cli.services import load_services
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


def check_plugins(file: Path, policy: Policy) -> None:
    """Return if the plugins that the policy of `file` names are installed and take their settings; else as `read_policy`."""
    from shared.workshop import plugin_faults  # noqa: PLC0415 (slow: only where a file is checked)

    if faults := plugin_faults(file, policy):
        raise CliError("\n".join(map(str, faults)))


def let_services_judge(policy: Policy) -> None:
    """Return if every installed service can work by `policy`; `CliError` says what one of them lacks."""
    settings, faults = settings_of(), list[str]()
    for service in load_services():
        if service.accepts is None:
            continue
        try:
            service.accepts(policy, settings)
        except Exception as error:  # noqa: BLE001 (a stranger's plugin may raise anything; it becomes a sentence)
            faults.append(f"{service.name} cannot work by the policy: {error}")
    if faults:
        raise CliError("\n".join(faults))


def _load(file: Path | None) -> Policy:
    try:
        return load_policy(file)
    except PolicyFileError as error:
        raise CliError("\n".join(map(str, error.faults))) from error
