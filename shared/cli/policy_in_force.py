"""The policy of a suite on one machine: a copy of the last file that was right, which its services read.

So a file that is being edited, or has a fault, disturbs nobody: not even a service that is started again meanwhile.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from shared.cli.errors import CliError

if TYPE_CHECKING:
    from shared.policy import Policy

COPY: Final = "policy-in-force.yaml"
OUTCOME: Final = "policy-reload.json"
POLICY_VARIABLE: Final = "YINGDA_POLICY"
LAST: Final = ("routing", "intake")
"""Who puts names of categories and departments into the world takes them up after those who hear of them."""


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of reading the policy file again."""

    at: str
    ok: bool
    said: str

    @classmethod
    def now(cls, said: str, *, ok: bool) -> Self:
        """Return an outcome of this moment."""
        return cls(datetime.now(UTC).isoformat(), ok, said)

    def write(self, directory: Path) -> None:
        """Leave it for whoever asked."""
        draft = directory / f"{OUTCOME}.new"
        draft.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")
        draft.replace(directory / OUTCOME)


def last_outcome(directory: Path) -> Reloaded | None:
    """Return what came of the last reload in `directory`; None where there was none."""
    try:
        return Reloaded(**json.loads((directory / OUTCOME).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def in_order(services: Sequence[str]) -> list[str]:
    """Return the services in the order in which they take a new policy."""
    return sorted(services, key=lambda name: (LAST.index(name) + 1 if name in LAST else 0, name))


class PolicyInForce:
    """The file that the environment names, and the copy of it that is in force."""

    def __init__(self, file: Path | None, directory: Path) -> None:
        self.file = file.absolute() if file is not None else None
        self._copy = directory / COPY

    def environment(self) -> Mapping[str, str]:
        """Return what is laid over the environment of the services."""
        return {} if self.file is None else {POLICY_VARIABLE: str(self._copy)}

    def read(self) -> "Policy":
        """Return the policy of the file; `CliError` says its first fault, or that there is no file."""
        from shared.policy import PolicyFileError, load_policy  # noqa: PLC0415 (slow: only where a file is named)

        if self.file is None:
            raise CliError("there is no policy file: YINGDA_POLICY is not set, the default policy is in force")
        try:
            return load_policy(self.file)
        except PolicyFileError as error:
            first, *others = error.faults
            more = f" (and {len(others)} more: see `yingda policy check {self.file}`)" if others else ""
            raise CliError(f"YINGDA_POLICY: {first}{more}") from error

    def adopt(self, policy: "Policy") -> None:
        """Put `policy` in force for whoever reads the policy from now on."""
        draft = self._copy.with_name(f"{COPY}.new")
        draft.touch(0o600)  # it names people
        draft.write_text(_written(policy.plain), encoding="utf-8")
        draft.replace(self._copy)


def _written(plain: Mapping[str, object]) -> str:
    """Return a policy as a policy file has it: plain YAML, without aliases."""
    import yaml  # noqa: PLC0415 (slow: only where a file is named)

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, _data: object) -> bool:
            return True

    return yaml.dump(plain, Dumper=Dumper, allow_unicode=True, sort_keys=False)
