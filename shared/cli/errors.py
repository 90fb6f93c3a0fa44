"""How a command fails: one sentence and an exit code (contract, "Command line").

CliError            exit 1: a fault was found, or what was asked cannot be done
└── WrongUse        exit 2: the command was called wrongly
"""


class CliError(Exception):
    """The command found a fault; its message is what the user reads, one sentence."""

    exit_code = 1


class WrongUse(CliError):
    """The command was called in a way that cannot work."""

    exit_code = 2
