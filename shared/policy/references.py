"""Faults between the parts of a policy: names that lead nowhere, departments that nobody supervises.

They are looked for in the plain data, before the models exist, so that one check of a file reports them together
with the faults inside single values. Parts of the wrong shape are passed over here: the models report those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args

from shared.events.notification import Purpose

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault at a place of the data."""

    path: Path
    message: str


def broken_references(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Find every fault between the parts of a policy given as plain data."""
    yield from _calendars(data)
    yield from _people(data)
    yield from _categories(data)
    yield from _routing(data)
    yield from _sla(data)
    yield from _notify(data)


def did_you_mean(name: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    """Return ` (did you mean "market"?)` where a known name is close, else nothing."""
    close = get_close_matches(name, list(known), n=1)
    return f' (did you mean "{close[0]}"?)' if close else ""


def _calendars(data: Mapping[str, Any]) -> Iterator[Problem]:
    known = _map(data, "calendars")
    yield from _named("calendar", data.get("calendar"), known, ("calendar",))
    for key in _map(data, "departments"):
        path = ("departments", key, "calendar")
        yield from _named("calendar", _at(data, path), known, path)
    for key in known:
        path = ("calendars", key, "holidays")
        yield from _named("set of holidays", _at(data, path), _map(data, "holidays"), path)


def _people(data: Mapping[str, Any]) -> Iterator[Problem]:
    departments, categories, staff = _map(data, "departments"), _map(data, "categories"), _map(data, "staff")
    for key in staff:
        path = ("staff", key)
        role, department = _at(data, (*path, "role")), _at(data, (*path, "department"))
        if department is None and role in {"agent", "supervisor", "head"}:
            yield Problem(path, f"every {role} belongs to a department, and none is given")
        yield from _named("department", department, departments, (*path, "department"))
        for index, skill in enumerate(_list(data, (*path, "skills"))):
            yield from _named("category", skill, categories, (*path, "skills", index))
    if staff:
        yield from _posts(data)
    services = [key for key in departments if _at(data, ("departments", key, "kind")) == "service"]
    if departments and len(services) != 1:
        yield Problem(("departments",), f"exactly one department has the kind service, not {len(services)}")
    for section in ("departments", "staff", "categories"):
        for key in _map(data, section):
            yield from _own_id(data, (section, key))


def _posts(data: Mapping[str, Any]) -> Iterator[Problem]:
    """Find posts that signing and escalation need and nobody fills."""
    staff = [_map(data, "staff", key) for key in _map(data, "staff")]
    supervised = {str(entry.get("department")) for entry in staff if entry.get("role") == "supervisor"}
    for key in _map(data, "departments"):
        if key not in supervised:
            yield Problem(("departments", key), f'no member of staff is the supervisor of "{key}"')
    if all(entry.get("role") != "manager" for entry in staff):
        yield Problem(("staff",), "no member of staff has the role manager, the last step of every escalation")


def _categories(data: Mapping[str, Any]) -> Iterator[Problem]:
    departments, fields = _map(data, "departments"), _map(data, "fields")
    for key in _map(data, "categories"):
        path = ("categories", key)
        for name in ("department", "hand_on"):
            yield from _named("department", _at(data, (*path, name)), departments, (*path, name))
        for topic in _map(data, *path, "topics"):
            here = (*path, "topics", topic)
            yield from _named("department", _at(data, (*here, "department")), departments, (*here, "department"))
            yield from _own_id(data, here)
        for name in ("required", "optional"):
            for index, field in enumerate(_list(data, (*path, name))):
                yield from _named("field", field, fields, (*path, name, index))


def _routing(data: Mapping[str, Any]) -> Iterator[Problem]:
    path: Path = ("routing", "assignment", "by_department")
    for key in _map(data, *path):
        yield from _named("department", key, _map(data, "departments"), (*path, key))
    path = ("routing", "verification", "categories")
    for index, key in enumerate(_list(data, path)):
        yield from _named("category", key, _map(data, "categories"), (*path, index))
    for number, _ in enumerate(_list(data, ("routing", "tags"))):
        path = ("routing", "tags", number, "categories")
        for index, key in enumerate(_list(data, path)):
            yield from _named("category", key, _map(data, "categories"), (*path, index))


def _sla(data: Mapping[str, Any]) -> Iterator[Problem]:
    warnings = _list(data, ("sla", "warnings"))
    for index, _ in enumerate(_list(data, ("sla", "ladder"))):
        path = ("sla", "ladder", index, "percent")
        percent = _at(data, path)
        if warnings and percent is not None and percent not in warnings:
            known = ", ".join(map(str, warnings))
            yield Problem(path, f"no warning is given at {percent} % (warnings are at {known} %)")


def _notify(data: Mapping[str, Any]) -> Iterator[Problem]:
    categories = _map(data, "categories")
    templates = _map(data, "notify", "templates", "default")
    for purpose in get_args(Purpose):
        if templates and purpose not in templates:
            yield Problem(("notify", "templates", "default"), f'the purpose "{purpose}" has no template')
    for key in _map(data, "notify", "templates", "by_category"):
        yield from _named("category", key, categories, ("notify", "templates", "by_category", key))
    path: Path = ("notify", "quiet_hours", "exempt_categories")
    for index, key in enumerate(_list(data, path)):
        yield from _named("category", key, categories, (*path, index))
    for audience in ("customer", "staff"):
        transports = _map(data, "notify", "transports", audience)
        path = ("notify", f"{audience}_channels")
        for index, channel in enumerate(_list(data, path)):
            if transports:
                yield from _named(f"transport for {audience} messages by", channel, transports, (*path, index))


def _named(kind: str, name: object, known: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    if isinstance(name, str) and name not in known:
        lead = f'no {kind} "{name}"' if kind.endswith("by") else f'no {kind} is named "{name}"'
        yield Problem(path, lead + did_you_mean(name, known))


def _own_id(data: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    if "id" in _map(data, *path):
        yield Problem((*path, "id"), "the key above is the id; leave this out")


def _at(data: object, path: Path) -> Any:
    for step in path:
        if isinstance(data, Mapping):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int):
            data = data[step]
        else:
            return None
    return data


def _map(data: Mapping[str, Any], *path: str | int) -> Mapping[str, Any]:
    found = _at(data, path)
    return found if isinstance(found, Mapping) else {}


def _list(data: Mapping[str, Any], path: Path) -> list[Any]:
    found = _at(data, path)
    return found if isinstance(found, list) else []
