"""Reading a policy file: the policy, or every fault of the file with its line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from shared.policy.calendars import HolidaySet
from shared.policy.errors import Fault, PolicyFileError
from shared.policy.explain import explain
from shared.policy.references import broken_references
from shared.policy.schema import BROKEN_REFERENCES, Policy
from shared.policy.yaml_marks import Location, MarkedYaml, read_yaml

_HERE: Final = Path(__file__).parent
DEFAULT_POLICY: Final = _HERE / "default.yaml"


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
    marked = _read_mapping(path)
    data: dict[str, Any] = dict(marked.data)
    faults = list(marked.faults)
    holidays, holiday_faults = _holidays(data, path.parent)
    if holidays:
        data["holidays"] = holidays
    policy: Policy | None = None
    faults += [marked.fault(problem.path, problem.message) for problem in broken_references(data)]
    try:
        policy = Policy.model_validate(data)
    except ValidationError as error:
        faults += _value_faults(error, marked, Policy)
    faults = sorted(faults, key=lambda fault: fault.line or 0) + holiday_faults
    if faults or policy is None:
        raise PolicyFileError(faults)
    return policy


def _read_mapping(path: Path) -> MarkedYaml:
    marked = read_yaml(path)
    if not isinstance(marked.data, dict):
        message = "is empty" if marked.data is None else "holds no mapping of keys to values"
        raise PolicyFileError([Fault(1, "", message, path.name)])
    return marked


def _holidays(data: Mapping[str, Any], beside: Path) -> tuple[dict[str, Any], list[Fault]]:
    """Find the data of every set of holidays that a calendar names; one that is nowhere is a broken reference."""
    inline = data.get("holidays")
    if inline is not None and not isinstance(inline, Mapping):
        return {}, []
    found: dict[str, Any] = dict(inline or {})
    faults: list[Fault] = []
    calendars = data.get("calendars")
    specs = calendars.values() if isinstance(calendars, Mapping) else ()
    for name in {spec.get("holidays") for spec in specs if isinstance(spec, Mapping)}:
        if not isinstance(name, str) or name in found or not name.isidentifier():
            continue
        files = (folder / f"holidays.{name}.yaml" for folder in (beside, _HERE))
        path = next((path for path in files if path.is_file()), None)
        if path is not None:
            try:
                found[name] = _holiday_set(path)
            except PolicyFileError as error:
                faults += error.faults
    return found, faults


def _holiday_set(path: Path) -> HolidaySet:
    marked = _read_mapping(path)
    faults = list(marked.faults)
    try:
        holidays = HolidaySet.model_validate(marked.data)
    except ValidationError as error:
        raise PolicyFileError([*faults, *_value_faults(error, marked, HolidaySet)]) from None
    if faults:
        raise PolicyFileError(faults)
    return holidays


def _value_faults(error: ValidationError, marked: MarkedYaml, model: type[Policy | HolidaySet]) -> Iterable[Fault]:
    for detail in error.errors(include_url=False):
        if detail["type"] == BROKEN_REFERENCES:
            continue
        location = _location(detail["loc"], marked)
        yield marked.fault(location, explain(detail, location, model))


def _location(loc: Location, marked: MarkedYaml) -> Location:
    """Leave out of a pydantic location what is no place in the file: tags of unions and marks of keys."""
    location: Location = ()
    for step in loc:
        if (*location, step) in marked.lines or step == loc[-1]:
            location = (*location, step)
    return location[:-1] if location and location[-1] == "[key]" else location
