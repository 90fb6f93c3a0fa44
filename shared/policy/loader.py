"""Reading a policy file: the policy, or every fault of the file with its line."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from shared.policy.day_files import join_day_files
from shared.policy.errors import PolicyFileError
from shared.policy.explain import value_faults
from shared.policy.references import broken_references
from shared.policy.schema import BROKEN_REFERENCES, Policy
from shared.policy.yaml_marks import read_mapping

DEFAULT_POLICY: Final = Path(__file__).parent / "default.yaml"


def load_policy(path: Path | None = None) -> Policy:
    """Read a policy file, or the packaged default for None.

    Holiday data named by a calendar (``holidays: cn``) is taken from the file's own section ``holidays``, else from
    ``holidays.cn.yaml`` beside the file, else from the package. PolicyFileError carries all faults.
    """
    return _default() if path is None else _load(path)


@cache
def _default() -> Policy:
    return _load(DEFAULT_POLICY)


def _load(path: Path) -> Policy:
    marked = read_mapping(path)
    data, faults_elsewhere = join_day_files(marked, path.parent)
    faults = list(marked.faults)
    faults += [marked.fault(problem.path, problem.message) for problem in broken_references(data)]
    policy: Policy | None = None
    try:
        policy = Policy.model_validate(data)
    except ValidationError as error:
        faults += value_faults(error, marked, Policy, leave_out=BROKEN_REFERENCES)
    faults = sorted(faults, key=lambda fault: fault.line or 0) + faults_elsewhere
    if faults or policy is None:
        raise PolicyFileError(faults)
    return policy
