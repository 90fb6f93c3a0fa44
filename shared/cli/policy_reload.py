"""`yingda policy reload`: lets the suite on this machine take the policy file as it is now."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Final

from shared.cli.connection import DataOption, client_settings
from shared.cli.endpoints import read_endpoints
from shared.cli.errors import CliError
from shared.cli.policy_in_force import Reloaded, last_outcome
from shared.testing.polling import NotInTimeError, until

PATIENCE_SECONDS: Final = 120.0


def reload(data: DataOption = None) -> None:
    """Let the running `yingda up` read its policy file again; exit code 1 and the reason where it keeps the former one.

    Services that run by `yingda run` read theirs at SIGHUP.
    """
    directory = client_settings(data).data
    if read_endpoints(directory) is None:
        raise CliError(f"no suite runs in {directory}; a service of `yingda run` takes a new policy at SIGHUP")
    outcome = asyncio.run(_reload(directory))
    if not outcome.ok:
        raise CliError(outcome.said)
    print(outcome.said)


async def _reload(directory: Path) -> Reloaded:
    before = last_outcome(directory)
    try:
        os.kill(int((directory / "lock").read_text(encoding="ascii")), signal.SIGHUP)
    except (OSError, ValueError) as error:
        raise CliError(f"the suite in {directory} cannot be asked: {error}") from error
    try:
        await until(lambda: last_outcome(directory) not in {None, before}, PATIENCE_SECONDS)
    except NotInTimeError as error:
        raise CliError(
            f"the suite has not answered within {PATIENCE_SECONDS:g} s: see what `yingda up` says"
        ) from error
    outcome = last_outcome(directory)
    return outcome or Reloaded.now("the suite has not said what came of it", ok=False)
