"""What can be wrong with a policy.

PolicyError
├── PolicyFileError     the file has faults; carries every one with its line
└── UnknownNameError    the policy in force has no department, category or calendar of that name
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a policy file; `line` counts from 1 and is None where no line can be named."""

    line: int | None
    path: str
    message: str
    file: str = "policy.yaml"

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (where, self.path, self.message) if part)


class PolicyError(Exception):
    """The policy cannot be used."""


class PolicyFileError(PolicyError):
    """The policy file has faults; `faults` holds every one, in order of the file."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class UnknownNameError(PolicyError, KeyError):
    """The policy has nothing of that name."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind, self.name = kind, name
        super().__init__(f'the policy has no {kind} named "{name}"')

    def __str__(self) -> str:
        return str(self.args[0])
