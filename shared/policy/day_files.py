"""The days that a policy file names and does not hold: sets of holidays, iCalendar files, and calendars of plugins.

They join the plain data before it is checked, so a policy that has been read needs no file and no plugin any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from shared.policy.calendars import HolidaySet
from shared.policy.errors import Fault, PolicyFileError
from shared.policy.explain import value_faults
from shared.policy.ical import ICalDays, ICalError, read_ical
from shared.policy.plugged_days import join_plugged_days
from shared.policy.yaml_marks import MarkedYaml, read_mapping

_PACKAGED: Final = Path(__file__).parent


def join_day_files(marked: MarkedYaml, beside: Path) -> tuple[dict[str, Any], list[Fault]]:
    """Return the data with the days of all files and plugins named in it, and the faults of those files."""
    data: dict[str, Any] = dict(marked.data)
    calendars = data.get("calendars")
    if not isinstance(calendars, Mapping):
        return data, []
    faults: list[Fault] = []
    if isinstance(data.setdefault("holidays", {}), Mapping):
        data["holidays"] = dict(data["holidays"])
        for name in _named_sets(calendars):
            if name not in data["holidays"] and (path := _set_file(name, beside)):
                try:
                    data["holidays"][name] = _holiday_set(path)
                except PolicyFileError as error:
                    faults += error.faults
    data["calendars"] = {name: _with_ical(name, spec, marked, beside, faults) for name, spec in calendars.items()}
    join_plugged_days(data, marked, beside)
    return data, faults


def packaged_set(name: str) -> HolidaySet:
    """Return the set of holidays of that name that comes with the package."""
    return _holiday_set(_PACKAGED / f"holidays.{name}.yaml")


def _named_sets(calendars: Mapping[str, Any]) -> Iterator[str]:
    for spec in calendars.values():
        name = spec.get("holidays") if isinstance(spec, Mapping) else None
        if isinstance(name, str) and name.isidentifier():
            yield name


def _set_file(name: str, beside: Path) -> Path | None:
    files = (folder / f"holidays.{name}.yaml" for folder in (beside, _PACKAGED))
    return next((path for path in files if path.is_file()), None)


def _holiday_set(path: Path) -> HolidaySet:
    marked = read_mapping(path)
    try:
        holidays = HolidaySet.model_validate(marked.data)
    except ValidationError as error:
        raise PolicyFileError([*marked.faults, *value_faults(error, marked, HolidaySet)]) from None
    if marked.faults:
        raise PolicyFileError(marked.faults)
    return holidays


def _with_ical(name: str, spec: Any, marked: MarkedYaml, beside: Path, faults: list[Fault]) -> Any:
    """Return a calendar with the days of its iCalendar files; parts of the wrong shape are left for the models."""
    files = spec.get("ical") if isinstance(spec, Mapping) else None
    if not isinstance(files, list):
        return spec
    joined = {**spec, "ical": files}
    for index, file in enumerate(files):
        try:
            days = _ical_days(beside / str(file))
        except OSError as error:
            faults.append(marked.fault(("calendars", name, "ical", index), f"{file} cannot be read: {error.strerror}"))
        except UnicodeDecodeError:
            faults.append(Fault(None, "", "is not UTF-8 text", str(file)))
        except ICalError as error:
            faults.append(Fault(error.line, "", str(error), str(file)))
        else:
            for key, found in (("closed_days", days.closed), ("make_up_days", days.make_up)):
                own = joined.get(key, [])
                if isinstance(own, list):
                    joined[key] = own + [str(day) for day in found if str(day) not in own]
    return joined


def _ical_days(path: Path) -> ICalDays:
    return read_ical(path.read_text(encoding="utf-8-sig"))
